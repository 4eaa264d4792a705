import FDLCompression
import FDLCore
import NIOHTTP1
import Testing

@testable import FDLServer

@Suite("Accept-Encoding (RFC 9110 section 12.5.3)")
struct AcceptEncodingTests {
    @Test(
        arguments: [
            ([], []),
            (["gzip, deflate"], [.gzip, .deflate]),
            (["deflate, gzip"], [.gzip, .deflate]),
            (["gzip;q=0.5, deflate"], [.deflate, .gzip]),
            (["gzip;q=0, deflate"], [.deflate]),
            (["gzip;q=0"], []),
            (["*"], [.gzip, .deflate]),
            (["*;q=0"], []),
            (["*;q=0, gzip"], [.gzip]),
            (["gzip;q=0, *"], [.deflate]),
            (["br, zstd"], []),
            (["identity"], []),
            (["identity, gzip;q=0.5"], []),
            (["identity;q=0.5, gzip"], [.gzip]),
            (["GZIP ; Q=0.001"], [.gzip]),
            (["gzip;q=1.001, deflate;q=2, x-gzip;q=abc"], []),
            (["deflate", "gzip;q=0.9"], [.deflate, .gzip]),
            (["gzip;level=9;q=0"], []),
            ([",,;q=1,"], []),
        ] as [([String], [ContentEncoding])]
    )
    func `which codings are sent`(fields: [String], expected: [ContentEncoding]) {
        #expect(AcceptEncoding(fields: fields).preferred == expected)
    }
}

@Suite("Dates (RFC 9110 section 5.6.7)")
struct HTTPDateTests {
    static let now = UTCTime(secondsSince1970: 1_795_341_600)

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_795_341_600, "Sun, 22 Nov 2026 10:00:00 GMT"),
        (1_709_164_799, "Wed, 28 Feb 2024 23:59:59 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
    ])
    func `there and back`(seconds: Int64, text: String) {
        let time = UTCTime(secondsSince1970: seconds)
        #expect(HTTPDate.string(time) == text)
        #expect(HTTPDate.parse(text, now: Self.now) == time)
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ])
    func `all three forms are read`(text: String) {
        #expect(HTTPDate.parse(text, now: Self.now)?.secondsSince1970 == 784_111_777)
    }

    @Test func `two digits mean the nearer century`() {
        #expect(HTTPDate.parse("Monday, 06-Nov-27 08:49:37 GMT", now: Self.now)?.description.hasPrefix("2027") == true)
        #expect(HTTPDate.parse("Monday, 06-Nov-77 08:49:37 GMT", now: Self.now)?.description.hasPrefix("1977") == true)
    }

    @Test(arguments: [
        "", "now", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Xyz 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "a b c d e",
    ])
    func `nothing else is a date`(text: String) {
        #expect(HTTPDate.parse(text, now: Self.now) == nil)
    }
}

@Suite("Conditional requests (RFC 9110 section 13)")
struct PreconditionTests {
    static let now = UTCTime(secondsSince1970: 1_795_341_600)
    static let modified = UTCTime(secondsSince1970: 784_111_777)
    static let state = Validators(entityTag: "\"a\"", lastModified: modified)
    static let same = "Sun, 06 Nov 1994 08:49:37 GMT"
    static let earlier = "Sun, 06 Nov 1994 08:49:36 GMT"

    @Test(
        arguments: [
            ([:], .proceed),
            (["If-None-Match": "\"a\""], .notModified(entityTag: "\"a\"")),
            (["If-None-Match": "W/\"a\""], .notModified(entityTag: "\"a\"")),
            (["If-None-Match": "\"x\", \"a\""], .notModified(entityTag: "\"a\"")),
            (["If-None-Match": "*"], .notModified(entityTag: "\"a\"")),
            (["If-None-Match": "\"b\""], .proceed),
            (["If-Modified-Since": same], .notModified(entityTag: "\"a\"")),
            (["If-Modified-Since": earlier], .proceed),
            (["If-Modified-Since": "nonsense"], .proceed),
            // The tag counts more than the date.
            (["If-None-Match": "\"b\"", "If-Modified-Since": same], .proceed),
            (["If-Match": "\"a\""], .proceed),
            (["If-Match": "*"], .proceed),
            (["If-Match": "W/\"a\""], .failed),
            (["If-Match": "\"b\""], .failed),
            (["If-Unmodified-Since": same], .proceed),
            (["If-Unmodified-Since": earlier], .failed),
            (["If-Match": "\"a\"", "If-Unmodified-Since": earlier], .proceed),
        ] as [(HTTPHeaders, Preconditions.Outcome)]
    )
    func outcome(headers: HTTPHeaders, expected: Preconditions.Outcome) {
        #expect(Preconditions.evaluate(headers, Self.state, now: Self.now) == expected)
    }

    @Test func `a variant that the client accepts and has needs no sending`() {
        let headers: HTTPHeaders = ["If-None-Match": "\"a-gzip\""]
        let with = Preconditions.evaluate(headers, Self.state, alternatives: ["\"a-gzip\""], now: Self.now)
        #expect(with == .notModified(entityTag: "\"a-gzip\""))
        #expect(Preconditions.evaluate(headers, Self.state, now: Self.now) == .proceed)
    }

    @Test(arguments: [
        (nil, true), ("\"a\"", true), ("\"b\"", false), ("W/\"a\"", false), (same, true), (earlier, false),
        ("nonsense", false),
    ])
    func `If-Range`(condition: String?, applies: Bool) {
        let headers = HTTPHeaders(condition.map { [("If-Range", $0)] } ?? [])
        #expect(Preconditions.rangeApplies(headers, Self.state, now: Self.now) == applies)
    }

    @Test func `a date of just now tells no states apart`() {
        #expect(!Preconditions.rangeApplies(["If-Range": Self.same], Self.state, now: Self.modified))
    }
}

import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import FDLServer

@Suite("The form of a request")
struct RequestFormTests {
    @Test(arguments: [
        "", "a", "A.Example", "a:80", "a:", ":80", "127.0.0.1:8443", "[::1]", "[::1]:", "[2001:db8::1]:443", "x%41y",
        "a_b~c", "!$&'()*+;=",
    ])
    func `a host`(value: String) { #expect(HostField.isValid(value)) }

    @Test(arguments: [
        "a b", " a", "a ", "a,b", "a/b", "a?b", "a#b", "u@a", "a:b", "a:80:90", "a:99999", "a:-1", "[::1", "::1", "[]",
        "[127.0.0.1]", "[::1]a", "[::1]:x", "a%", "a%4", "a%zz", "é", "a\u{0}", "<a>", "\"a\"", "a\\b",
    ])
    func `no host`(value: String) { #expect(!HostField.isValid(value)) }

    /// Whatever comes, a valid value has no byte that could end a field, a URL's authority or HTML.
    @Test func `what is taken for a host is harmless`() {
        var random = SeededGenerator(seed: 11)
        let alphabet = Array("abZ09.-_~%41:[]@/ ,<>\"'\r\n\0é".utf8)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...12, using: &random)
            let bytes = (0..<count).compactMap { _ in alphabet.randomElement(using: &random) }
            let text = String(decoding: bytes, as: UTF8.self)
            guard HostField.isValid(text) else { continue }
            #expect(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"@/,<>\"\\?#".utf8.contains($0) }, "\(text)")
        }
    }

    private func fault(
        _ method: HTTPMethod = .GET,
        _ version: HTTPVersion = .http1_1,
        _ headers: [(String, String)] = [("Host", "a")]
    ) -> HTTPResponseStatus? {
        let headers = HTTPHeaders(headers)
        let head = HTTPRequestHead(version: version, method: method, uri: "/", headers: headers)
        return RequestForm.fault(of: head, RequestFields(headers))
    }

    @Test func `one Host, which HTTP 1.0 need not have`() {
        #expect(fault() == nil)
        #expect(fault(.GET, .http1_1, []) == .badRequest)
        #expect(fault(.GET, .http1_0, []) == nil)
        #expect(fault(.GET, .http1_0, [("Host", "a"), ("host", "a")]) == .badRequest)
        #expect(fault(.GET, .http1_0, [("Host", "a b")]) == .badRequest)
    }

    @Test func `versions and methods`() {
        #expect(fault(.GET, HTTPVersion(major: 2, minor: 0)) == .httpVersionNotSupported)
        #expect(fault(.GET, HTTPVersion(major: 0, minor: 9)) == .httpVersionNotSupported)
        #expect(fault(.GET, HTTPVersion(major: 1, minor: 2)) == nil)
        for method in [HTTPMethod.GET, .HEAD, .POST, .PUT, .DELETE, .CONNECT, .OPTIONS, .TRACE, .PATCH] {
            #expect(fault(method) == nil)
        }
        for method in [HTTPMethod.PROPFIND, .RAW(value: "BREW"), .RAW(value: "get")] {
            #expect(fault(method) == .notImplemented)
        }
    }

    @Test func `transfer codings`() {
        func of(_ values: String..., version: HTTPVersion = .http1_1, length: Bool = false) -> HTTPResponseStatus? {
            let fields = [("Host", "a")] + values.map { ("Transfer-Encoding", $0) }
            return fault(.POST, version, fields + (length ? [("Content-Length", "1")] : []))
        }
        #expect(of("chunked") == nil)
        #expect(of("Chunked") == nil)
        #expect(of("gzip, chunked") == .notImplemented)
        #expect(of("identity") == .notImplemented)
        #expect(of("chunked", "chunked") == .badRequest)
        #expect(of("chunked, chunked") == .badRequest)
        #expect(of("") == .badRequest)
        #expect(of("chunked", version: .http1_0) == .badRequest)
        #expect(of("chunked", length: true) == .badRequest)
    }
}

@Suite("What is said again and again")
struct NoticeScheduleTests {
    @Test func `at once, then once a minute with its number`() {
        var schedule = NoticeSchedule()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var said: [Int64: Int] = [:]
        for second in Int64(0)..<60 { said[second] = schedule.happened(now: start + .seconds(second)) }
        #expect(said == [0: 1])
        for second in Int64(59)..<240 { said[second] = schedule.due(now: start + .seconds(second)) }
        #expect(said == [0: 1, 60: 59])
        let later = schedule.happened(now: start + .seconds(241))
        #expect(later == 1)
    }
}

import FDLCore
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@testable import FDLServer

/// What is read of a request byte by byte, beside the same rules written with strings, over seeded inputs.
@Suite("Reading requests by bytes")
struct RequestReadingTests {
    private static let digest = "ab" + String(repeating: "0c", count: 31)
    private static let pieces = [
        "/", "/", "/", "//", "files/", "chunks/", "manifests/", "healthz", "index.json", "ab/", "\(digest)", "ab", "a",
        "b.c",
        ".", "..", ".hidden", "%2e%2E", "%2f", "%2F", "%", "%4", "%zz", "%00", "%ff", "%C3%A9", "%25", "é", "\u{301}",
        "e\u{301}", "?", "?x=/", "#", "://", "https://", "HTTPS://host:1", "*", "\\", " ", "\u{0}", "\u{7f}", ".key",
        ".KEY",
        ".\u{212a}ey", ".fdl-part", ".FDL-Part", ".fdl-part/", "fdl-part", String(repeating: "n", count: 254),
        "\u{130}",
    ]

    @Test func `targets`() {
        var generator = SeededGenerator(seed: 11)
        for round in 0..<20_000 {
            let count = Int.random(in: 0...7, using: &generator)
            let text = (0..<count).map { _ in Self.pieces.randomElement(using: &generator) ?? "" }.joined()
            let target = round % 2 == 0 ? "/\(text)" : text
            expectSame(RequestTarget(target).map(\.path), Strict.target(target), target)
        }
    }

    @Test func `names of files`() {
        var generator = SeededGenerator(seed: 12)
        for _ in 0..<10_000 {
            let count = Int.random(in: 0...6, using: &generator)
            let path = (0..<count).map { _ in Self.pieces.randomElement(using: &generator) ?? "" }.joined()
            expectSame(FileNames.isPartial(path), Strict.isPartial(path), path)
            expectSame(FileNames.isSecretKey(path), Strict.isSecretKey(path), path)
            expectSame(RequestTarget.isServable(path), Strict.isServable(path), path)
        }
    }

    @Test func `fields`() {
        let names = [
            "Host", "hOST", "Range", "RANGE", "Upgrade", "If-Match", "If-None-Match", "if-none-match", "If-Range",
            "Content-Length", "Accept-Encoding", "If-Modified-Since", "Transfer-Encoding", "If-Unmodified-Since",
            "Cookie", "@ost", "Rang@", "x",
        ]
        let values = ["", "a", "a, b", ",", " ", "identity", "0"]
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<2_000 {
            var headers = HTTPHeaders()
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                headers.add(
                    name: names.randomElement(using: &generator) ?? "x",
                    value: values.randomElement(using: &generator) ?? ""
                )
            }
            let fields = RequestFields(headers)
            expectSame(fields.host, headers.first(name: "host"), headers)
            expectSame(fields.has(.severalHosts), headers["host"].count > 1, headers)
            expectSame(fields.has(.range), headers.contains(name: "range"), headers)
            expectSame(fields.has(.acceptEncoding), headers.contains(name: "accept-encoding"), headers)
            expectSame(fields.has(.contentLength), headers.contains(name: "content-length"), headers)
            expectSame(fields.has(.transferEncoding), headers.contains(name: "transfer-encoding"), headers)
            expectSame(fields.has(.upgrade), headers.contains(name: "upgrade"), headers)
            let conditions = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]
            expectSame(fields.has(.condition), conditions.contains { headers.contains(name: $0) }, headers)
        }
    }

    @Test func `hosts`() {
        let pieces = [
            "a", "B.c", "-", ":", ":80", "65535", "65536", "0", "000080", " ", ",", "_", "%41", "[", "::1", "]", "é",
        ]
        var generator = SeededGenerator(seed: 15)
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...4, using: &generator)
            let host = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
            expectSame(HostField.isValid(host), HostField.isOfForm(host), host)
        }
    }

    @Test func `dates`() {
        var generator = SeededGenerator(seed: 14)
        for _ in 0..<2_000 {
            let time = UTCTime(secondsSince1970: .random(in: -62_162_035_200...253_402_300_799, using: &generator))
            let text = HTTPDate.string(time)
            #expect(HTTPDate.parse(text, now: time) == time, "\(text)")
            #expect(text.utf8.count == 29)
        }
        // A file's time may be any: no year has five digits.
        #expect(
            HTTPDate.string(UTCTime(secondsSince1970: .max / 1_000_000_000))
                == HTTPDate.string(.init(secondsSince1970: 9_223_372_036))
        )
        #expect(HTTPDate.string(UTCTime(secondsSince1970: .max)) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.string(UTCTime(secondsSince1970: .min)) == "Wed, 01 Mar 0000 00:00:00 GMT")
    }

    @Test func `what our client accepts is read as any other list`() {
        #expect(AcceptEncoding(fields: ["identity"]) == AcceptEncoding(fields: [" identity;q=1"]))
        #expect(AcceptEncoding(fields: []) == AcceptEncoding(fields: [","]))
    }
}

/// As `#expect(a == b)`, which takes too long for so many.
private func expectSame<Value: Equatable, Input>(_ left: Value, _ right: Value, _ input: Input) {
    if left != right { Issue.record("\(left) and not \(right): \(String(reflecting: input))") }
}

/// The rules as they are told, without a care for time.
private enum Strict {
    static func target(_ target: String) -> TreePath?? {
        var rest = Array(target.utf8)[...]
        if rest.first != UInt8(ascii: "/") {
            guard let scheme = String(decoding: rest, as: UTF8.self).unicodeScalars.firstIndex(of: "://"), scheme > 0
            else {
                return nil
            }
            rest = rest.dropFirst(scheme + 3)
            guard let slash = rest.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }),
                rest[slash] == UInt8(ascii: "/")
            else { return .some(.frontPage) }
            rest = rest[slash...]
        }
        let path = String(decoding: rest.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }, as: UTF8.self)
        guard let decoded = percentDecoded(path) else { return nil }
        return .some(treePath(decoded))
    }

    private static func percentDecoded(_ path: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(path.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16)
                else {
                    return nil
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func treePath(_ path: String) -> TreePath? {
        let parts = parts(path)
        guard parts.first == "", parts.count > 1 else { return nil }
        let rest = parts.dropFirst(2)
        switch parts[1] {
        case "" where parts.count == 2: return .frontPage
        case "healthz" where parts.count == 2: return .health
        case "manifests" where parts.count == 3 && !parts[2].isEmpty:
            return parts[2] == "index.json" ? .index : .manifest(parts[2])
        case "chunks" where parts.count == 4 && parts[2].utf8.count == 2:
            guard parts[3].utf8.starts(with: parts[2].utf8), let digest = SHA256Digest(hex: parts[3]) else {
                return nil
            }
            return .chunk(digest)
        case "files" where parts.count >= 3:
            let path = rest.joined(separator: "/")
            return isServable(path) ? .file(path) : nil
        default: return nil
        }
    }

    static func isServable(_ path: String) -> Bool {
        parts(path).allSatisfy { !$0.isEmpty && $0.utf8.first != UInt8(ascii: ".") && $0.utf8.count <= 255 }
            && !path.utf8.contains(0) && !isPartial(path)
    }

    static func isPartial(_ path: String) -> Bool {
        parts(path.lowercased()).contains { $0.utf8.reversed().starts(with: ".fdl-part".utf8.reversed()) }
    }

    static func isSecretKey(_ path: String) -> Bool {
        path.lowercased().utf8.reversed().starts(with: ".key".utf8.reversed())
    }

    private static func parts(_ path: String) -> [String] {
        path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

extension String.UnicodeScalarView {
    /// Where `text` first stands, in bytes.
    fileprivate func firstIndex(of text: String) -> Int? {
        let (bytes, wanted) = (Array(String(self).utf8), Array(text.utf8))
        guard bytes.count >= wanted.count else { return nil }
        return (0...(bytes.count - wanted.count)).first { Array(bytes[$0..<($0 + wanted.count)]) == wanted }
    }
}

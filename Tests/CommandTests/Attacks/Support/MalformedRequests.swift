import TestSupport

/// Requests that are wrong in one way or several, the same ones for each seed.
struct MalformedRequests {
    private var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    private static let methods = ["GET", "HEAD", "POST", "get", "G\0T", "", "OPTIONS", "PRI", "GET GET", "\u{16}\u{3}"]
    private static let targets = [
        "/", "/files/data.bin", "/files/../../etc/passwd", "/files/%2e%2e/%2e%2e/etc/passwd", "/files/%", "*",
        "/files/%00", "//", "/chunks/ab/cd", "/manifests/index.json", "https://a/healthz", "a:443", "/\u{1f}",
        "/files/data.bin?x=%zz", "/#", "\\", "/files/%c0%ae%c0%ae/x",
    ]
    private static let versions = [
        "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", "", "HTTP/1.10",
    ]
    private static let fields = [
        "Host: a", "Host: a b", "Host:", "host: a", "Content-Length: 5", "Content-Length: -1",
        "Content-Length: 99999999999999999999", "Content-Length: 5, 6", "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: xchunked", "Connection: upgrade", "Upgrade: h2c",
        "Expect: 100-continue", "Range: bytes=0-0,1-1", "Range: bytes=9-1", "Range: x", "If-Range: \"", "Cookie: \0",
        " folded", "X : y", ": y", "X\u{b}: y", "Accept-Encoding: gzip;q=9, \u{7f}", "If-None-Match: *",
    ]
    private static let ends = ["\r\n", "\n", "\r", "\r\r\n", "\n\r", "\r\n "]

    mutating func next() -> String {
        var end = Bool.random(using: &random) ? "\r\n" : pick(Self.ends)
        var text = "\(pick(Self.methods)) \(pick(Self.targets)) \(pick(Self.versions))\(end)"
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            if Int.random(in: 0..<4, using: &random) == 0 { end = pick(Self.ends) }
            text += pick(Self.fields) + end
        }
        text += end
        switch Int.random(in: 0..<6, using: &random) {
        case 0: text = String(text.prefix(Int.random(in: 0...text.count, using: &random)))
        case 1: text += "5\r\nhello\r\n0\r\n\r\n"
        case 2: text += String(repeating: "x", count: Int.random(in: 0...3000, using: &random))
        case 3:
            let bytes = (0..<Int.random(in: 1...200, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            text += String(decoding: bytes, as: UTF8.self)
        default: break
        }
        return text
    }

    private mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &random) ?? "" }
}

import NIOCore
import NIOHTTP1

extension ByteBuffer {
    /// Writes the head of an answer (RFC 9112 sections 4 and 5), as one piece and without a copy of its fields.
    ///
    /// Whatever of a field comes from a request or a file has been written by us: a digest, a number, a date.
    /// - Parameter common: further lines, each with its end.
    mutating func writeHead(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, common: String, closes: Bool) {
        let line = status == .ok ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
        let end = closes ? "Connection: close\r\n\r\n" : "\r\n"
        var length = line.utf8.count + common.utf8.count + end.utf8.count
        for (name, value) in headers { length += name.utf8.count + value.utf8.count + 4 }
        writeWithUnsafeMutableBytes(minimumWritableBytes: length) { room in
            var rest = UnsafeMutableRawBufferPointer(rebasing: room[..<length])
            rest.append(line)
            for (name, value) in headers {
                rest.append(name)
                rest.append(": ")
                rest.append(value)
                rest.append("\r\n")
            }
            rest.append(common)
            rest.append(end)
            return length - rest.count
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Writes `text` at the beginning, and goes on behind it.
    fileprivate mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { text in
            copyMemory(from: UnsafeRawBufferPointer(text))
            self = UnsafeMutableRawBufferPointer(rebasing: self[text.count...])
        }
    }
}

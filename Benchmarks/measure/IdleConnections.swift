import COpenSSL
import Glibc

/// TLS connections that have had one answer each and then say nothing more.
enum IdleConnections {
    static func hold(port: Int, count: Int, target: String) throws {
        guard let context = SSL_CTX_new(TLS_client_method()) else { throw MeasureError("OpenSSL has no TLS") }
        let request = "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n"
        var connections: [OpaquePointer] = []
        for _ in 0..<count {
            guard let ssl = SSL_new(context), SSL_set_fd(ssl, try Loopback.connect(port: port)) == 1,
                SSL_connect(ssl) == 1, SSL_write(ssl, request, Int32(request.utf8.count)) > 0
            else { throw MeasureError("cannot open connection \(connections.count + 1)") }
            try readAnswer(ssl)
            connections.append(ssl)
        }
        print("ready")
        fflush(nil)
        while getchar() != EOF {}
    }

    /// Reads the head and as many bytes as its Content-Length says.
    private static func readAnswer(_ ssl: OpaquePointer) throws {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        var wanted = Int.max
        while answer.count < wanted {
            let count = SSL_read(ssl, &buffer, Int32(buffer.count))
            guard count > 0 else { throw MeasureError("the answer broke off") }
            answer += buffer[..<Int(count)]
            if wanted == .max { wanted = length(of: answer) ?? .max }
        }
    }

    /// Of head and body; nil as long as the head is not whole.
    static func length(of answer: [UInt8]) -> Int? {
        let text = String(decoding: answer, as: Unicode.ASCII.self)
        var length = 0
        var head = 0
        for line in text.split(separator: "\r\n", omittingEmptySubsequences: false) {
            head += line.utf8.count + 2
            if line.isEmpty { return head <= answer.count ? head + length : nil }
            let field = line.split(separator: ":", maxSplits: 1)
            if field.count == 2, field[0].lowercased() == "content-length" {
                length = Int(field[1].drop { $0 == " " }) ?? 0
            }
        }
        return nil
    }
}

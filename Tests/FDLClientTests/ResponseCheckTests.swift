import FDLCompression
import FDLCore
import FDLPlan
import NIOHTTP1
import TestSupport
import Testing

@testable import FDLClient

@Suite struct ResponseCheckTests {
    private func check(
        _ status: HTTPResponseStatus,
        _ headers: [(String, String)],
        kind: SourceKind,
        chunks: Range<Int> = 1..<2,
        compressed: Bool = false
    ) throws -> Result<String?, SourceError> {
        let manifest = try Manifest.sample([("a file", noise(3 * 65536, seed: 9))])
        let source = Manifest.Source(kind: kind, url: try SourceURL("https://h.example/base"))
        let request = RequestWriter(source: source, manifest: manifest)
            .request(RequestID(rawValue: 1), chunks: chunks, compressed: compressed)
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: HTTPHeaders(headers))
        do throws(SourceError) {
            return .success(try ResponseCheck.accept(head, for: request)?.rawValue)
        } catch {
            return .failure(error)
        }
    }

    @Test func takesTheRightAnswers() throws {
        #expect(try check(.ok, [("Content-Length", "65536")], kind: .worker) == .success(nil))
        #expect(try check(.ok, [("Transfer-Encoding", "chunked")], kind: .worker) == .success(nil))
        #expect(
            try check(.ok, [("Content-Encoding", "gzip")], kind: .worker, compressed: true) == .success("gzip")
        )
        #expect(
            try check(.partialContent, [("Content-Range", "bytes 65536-131071/196608")], kind: .mirror)
                == .success(nil)
        )
        #expect(
            try check(.partialContent, [("Content-Range", "bytes 65536-131071/*")], kind: .mirror) == .success(nil)
        )
        // Whatever the label says: a range is the file's own bytes, and a chunk of the right length is not compressed.
        for label in ["gzip", "x-gzip", "br", "aws-chunked"] {
            let range = [("Content-Range", "bytes 65536-131071/*"), ("Content-Encoding", label)]
            #expect(try check(.partialContent, range, kind: .mirror) == .success(nil))
            let whole = [("Content-Length", "65536"), ("Content-Encoding", label)]
            #expect(try check(.ok, whole, kind: .worker) == .success(nil))
        }
        // A store may hold a chunk compressed, whoever asks for it how.
        #expect(try check(.ok, [("Content-Encoding", "x-gzip")], kind: .worker) == .success("gzip"))
        #expect(try check(.ok, [("Content-Encoding", "aws-chunked,gzip")], kind: .worker) == .success("gzip"))
        // All of the file was asked for, so all of it is a right answer.
        #expect(try check(.ok, [("Content-Length", "196608")], kind: .mirror, chunks: 0..<3) == .success(nil))
    }

    @Test func tellsWhatWasCompressedForTheRequest() {
        func form(_ headers: [(String, String)], _ encoding: ContentEncoding? = .gzip) -> CompressionChoice.Form {
            ResponseCheck.form(of: .init(version: .http1_1, status: .ok, headers: HTTPHeaders(headers)), encoding)
        }
        #expect(form([]) == .compressed(in: .zero))
        #expect(form([("Server-Timing", "compress;dur=25")]) == .compressed(in: .milliseconds(25)))
        #expect(form([("Server-Timing", "db;dur=53, compress;dur=4")]) == .compressed(in: .milliseconds(4)))
        for other in ["cache;desc=hit, db;dur=53", "compress", "compress;dur=-3", "compress;dur=1e99", "comp;dur=3"] {
            #expect(form([("Server-Timing", other)]) == .compressed(in: .zero), "\(other)")
        }
        #expect(form([("Server-Timing", "compress;dur=25")], nil) == .plain)
    }

    @Test func tellsRefusalsFromFaults() throws {
        #expect(try check(.notFound, [], kind: .worker) == .failure(.lacking))
        #expect(try check(.forbidden, [], kind: .worker) == .failure(.forbidden(403)))
        #expect(try check(.multipleChoices, [], kind: .worker) == .failure(.redirects(.status(300))))
        #expect(
            try check(.serviceUnavailable, [("Retry-After", "99999999")], kind: .worker)
                == .failure(.status(503, retryAfter: .seconds(99_999_999)))
        )
        #expect(
            try check(.serviceUnavailable, [("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")], kind: .worker)
                == .failure(.status(503, retryAfter: nil))
        )
    }

    @Test(
        arguments: [
            (HTTPResponseStatus.ok, [("Content-Length", "65535")], SourceKind.worker),
            (.ok, [("Content-Encoding", "br")], .worker),
            (.partialContent, [], .worker),
            (.ok, [("Content-Length", "196608")], .mirror),
            (.partialContent, [], .mirror),
            (.partialContent, [("Content-Range", "bytes 0-65535/196608")], .mirror),
            (.partialContent, [("Content-Range", "bytes 65536-131071/999")], .mirror),
            (.partialContent, [("Content-Range", "bytes 65536-131071/196608"), ("Content-Length", "1")], .mirror),
        ] as [(HTTPResponseStatus, [(String, String)], SourceKind)]
    )
    func refusesWhatWasNotAsked(
        _ answer: (status: HTTPResponseStatus, headers: [(String, String)], kind: SourceKind)
    ) throws {
        guard case .failure(.protocolViolation) = try check(answer.status, answer.headers, kind: answer.kind) else {
            return #expect(Bool(false), "\(answer) was taken")
        }
    }

    @Test func writesRequestsThatNameWhatIsWanted() throws {
        let manifest = try Manifest.sample([("dir/ä b", noise(3 * 65536, seed: 9))])
        func head(_ kind: SourceKind, _ compressed: Bool) throws -> HTTPRequestHead {
            let source = Manifest.Source(kind: kind, url: try SourceURL("https://h.example:8443/base"))
            return RequestWriter(source: source, manifest: manifest)
                .request(RequestID(rawValue: 1), chunks: 1..<2, compressed: compressed).head
        }
        let mirror = try head(.mirror, true)
        #expect(mirror.uri == "/base/dir/%C3%A4%20b")
        #expect(mirror.headers["Range"] == ["bytes=65536-131071"])
        #expect(mirror.headers["Accept-Encoding"] == ["identity"])
        #expect(mirror.headers["Host"] == ["h.example:8443"])
        let worker = try head(.worker, true)
        let hex = manifest.digests[1].hex
        #expect(worker.uri == "/base/chunks/\(hex.prefix(2))/\(hex)")
        #expect(worker.headers["Accept-Encoding"] == ["gzip, deflate"])
        #expect(worker.headers["Range"].isEmpty)
    }
}

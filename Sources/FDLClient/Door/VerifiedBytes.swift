import FDLCore
import FDLSystem
import Glibc
import NIOCore
import NIOPosix

/// The bytes of a file that a publisher signed, in order, each verified before it is handed out.
///
///     for try await part in VerifiedBytes(of: "https://worker.example/manifests/big.iso.json", publisherKeys: ["RW…"]) {
///         use(part)
///     }
///
/// Nothing is kept on disk. Sources are asked for no more than is taken. If the loop is left early, the download ends.
public struct VerifiedBytes: AsyncSequence, Sendable {
    public typealias Element = [UInt8]

    private let manifest: String
    private let publisherKeys: [String]
    private let options: DownloadOptions

    /// - Parameter manifest: as in `Download`, of one file.
    public init(of manifest: String, publisherKeys: [String] = [], options: DownloadOptions = DownloadOptions()) {
        self.manifest = manifest
        self.publisherKeys = publisherKeys
        self.options = options
    }

    public func makeAsyncIterator() -> Iterator { Iterator(manifest, publisherKeys, options) }

    /// Takes the bytes of one download from a pipe.
    public final class Iterator: AsyncIteratorProtocol {
        private let descriptor: Int32
        private let download: Download?
        private let fault: SystemError?
        private static let partBytes = 1 << 20

        fileprivate init(_ manifest: String, _ publisherKeys: [String], _ options: DownloadOptions) {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else {
                (descriptor, download) = (-1, nil)
                fault = SystemError(operation: .other("make a pipe"), code: errno)
                return
            }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            let writing = ends[1]
            descriptor = ends[0]
            fault = nil
            download = Download(manifest, output: .descriptor(writing), publisherKeys, options) { close(writing) }
        }

        deinit {
            download?.cancel()
            // A writer that waits is told that there is no reader any more.
            if descriptor >= 0 { close(descriptor) }
        }

        /// The next part, of 1 MiB at most; nil at the end, when all of it is verified.
        /// - Throws: `DownloadError`.
        public func next() async throws -> [UInt8]? {
            guard let download else { throw DownloadError((fault ?? SystemError(operation: .read, code: EIO)).failure) }
            let part = try await withTaskCancellationHandler {
                try await NIOThreadPool.singleton.runIfActive { [descriptor] in try Self.read(descriptor) }
            } onCancel: {
                download.cancel()
            }
            if !part.isEmpty { return part }
            _ = try await download.result
            return nil
        }

        private static func read(_ descriptor: Int32) throws -> [UInt8] {
            try [UInt8](unsafeUninitializedCapacity: partBytes) { buffer, count in
                var found = -1
                repeat {
                    found = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                } while found < 0 && errno == EINTR
                guard found >= 0 else {
                    throw DownloadError(SystemError(operation: .read, path: "a pipe", code: errno).failure)
                }
                count = found
            }
        }
    }
}

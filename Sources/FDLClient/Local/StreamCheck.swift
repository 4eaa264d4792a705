public import FDLCore
import FDLCrypto
import FDLSystem
public import FDLTrust
import Glibc

/// Checks what comes by a pipe against a manifest of one file.
public enum StreamCheck {
    /// Reads a stream to its end.
    /// - Parameters:
    ///   - descriptor: of the stream; stays open, and the caller's.
    ///   - name: what messages call it.
    ///   - progress: is told how many bytes have come.
    /// - Throws: `Failure`: 64 if the manifest lists a folder, 74 if the stream cannot be read, 75 if the task was
    ///   cancelled.
    public static func check(
        _ verified: VerifiedManifest,
        descriptor: Int32,
        name: String,
        progress: @escaping ScanProgress = { _, _ in }
    ) async throws(Failure) -> LocalTreeCheck.Report {
        let manifest = verified.manifest
        guard manifest.isSingleFile else {
            throw Failure(
                .usage,
                "the manifest lists a folder, and a stream is one file",
                hint: "name the folder to verify after the manifest"
            )
        }
        let found = SharedReport()
        do {
            try await ParallelWork.run(threads: 1) { stop in
                found.set(try read(manifest, descriptor, name, stop, progress))
            }
        } catch is CancellationError {
            throw .interrupted
        } catch {
            throw Failure(of: error)
        }
        return found.report
    }

    private static func read(
        _ manifest: Manifest,
        _ descriptor: Int32,
        _ name: String,
        _ stop: StopFlag,
        _ progress: ScanProgress
    ) throws(SystemError) -> LocalTreeCheck.Report {
        var block = [UInt8](repeating: 0, count: 1 << 20)
        var hasher = SHA256Hasher()
        var (chunk, inChunk, total, matching) = (0, 0, Int64(0), 0)
        var firstWrong: Int?
        func endChunk() {
            if hasher.finalize() == manifest.digests[chunk] {
                matching += 1
            } else {
                firstWrong = firstWrong ?? chunk
            }
            chunk += 1
            inChunk = 0
        }
        while !stop.isSet {
            let count = try readSome(descriptor, &block, name)
            guard count > 0 else { break }
            total += Int64(count)
            var rest = block[..<count]
            while !rest.isEmpty, chunk < manifest.digests.count {
                let length = manifest.layout.length(ofChunk: chunk)
                let part = rest.prefix(length - inChunk)
                part.withUnsafeBytes { hasher.update($0) }
                inChunk += part.count
                rest = rest.dropFirst(part.count)
                if inChunk == length { endChunk() }
            }
            progress(min(total, manifest.totalBytes), manifest.totalBytes)
        }
        let chunks = manifest.digests.count
        let problem: LocalTreeCheck.Problem.Kind? =
            if total != manifest.totalBytes {
                .wrongSize(expected: manifest.totalBytes, found: total)
            } else if matching < chunks {
                .damaged(
                    chunks: chunks - matching,
                    first: firstWrong.map { manifest.layout.location(ofChunk: $0).offset } ?? 0
                )
            } else { nil }
        return LocalTreeCheck.Report(
            totalChunks: chunks,
            matchingChunks: matching,
            problems: problem.map { [LocalTreeCheck.Problem(path: name, kind: $0)] } ?? [],
            unlisted: nil
        )
    }

    private static func readSome(
        _ descriptor: Int32,
        _ block: inout [UInt8],
        _ name: String
    ) throws(SystemError) -> Int {
        while true {
            let count = Glibc.read(descriptor, &block, block.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw SystemError(operation: .read, path: name, code: errno) }
        }
    }
}

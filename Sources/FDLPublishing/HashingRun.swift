import FDLCore
import FDLCrypto
import FDLSystem
import Glibc
import Synchronization

/// Hashes all of the input on all cores.
///
/// The files are cut into units of a few MiB, and each thread takes the next unit that no other has taken: neither one
/// large file nor many small ones leave a core idle. Hashing a whole file cannot be cut, so that comes first, the
/// largest file first.
struct HashingRun: Sendable {
    /// The digests that the manifest needs.
    struct Result: Sendable {
        /// Of all chunks, in order.
        var chunks: [SHA256Digest]
        /// Of each file as a whole; all nil unless asked for.
        var files: [SHA256Digest?]
    }

    private enum Unit: Sendable {
        case wholeFile(Int)
        case chunks(file: Int, range: Range<Int64>, first: Int)
    }

    private enum Finding: Sendable {
        case file(Int, SHA256Digest)
        case chunk(Int, SHA256Digest)
    }

    /// How many bytes one unit covers: one chunk if that is more, and less at the end of a file.
    private static let unitBytes: Int64 = 8 << 20

    private let hashing: InputHasher
    private let input: PublishingInput
    private let layout: ChunkLayout
    private let units: [Unit]
    private let totalBytes: Int64

    init(
        _ input: PublishingInput,
        chunkSize: ChunkSize,
        wholeFiles: Bool,
        onPrivateKey: (@Sendable (String) -> Void)? = nil
    ) throws(PublishingError) {
        self.hashing = try InputHasher(input, onPrivateKey: onPrivateKey)
        self.input = input
        self.layout = ChunkLayout(chunkSize: chunkSize, fileSizes: input.files.map(\.size))
        self.totalBytes = input.totalBytes * (wholeFiles ? 2 : 1)
        var units: [Unit] = []
        if wholeFiles {
            units = input.files.indices.sorted { input.files[$0].size > input.files[$1].size }.map { .wholeFile($0) }
        }
        let step = max(Self.unitBytes, Int64(chunkSize.bytes))
        for (index, file) in input.files.enumerated() {
            var first = layout.chunks(ofFile: index).lowerBound
            var start: Int64 = 0
            while start < file.size {
                let end = min(start.addingReportingOverflow(step).partialValue, file.size)
                units.append(.chunks(file: index, range: start..<max(start, end), first: first))
                first += Int(step) / chunkSize.bytes
                start = end
            }
        }
        self.units = units
    }

    /// Hashes on new threads, `threads` at most, until all is hashed, one of them fails, or the task is cancelled.
    /// - Throws: `PublishingError.input`, `.changed` or `.cancelled`
    func run(threads: Int, progress: ProgressReport?) async throws(PublishingError) -> Result {
        let queue = WorkQueue()
        let findings = Mutex<[[Finding]]>([])
        do {
            try await ParallelWork.run(threads: max(1, min(threads, units.count))) { stop in
                let found = try hash(queue, stop, progress: progress)
                findings.withLock { $0.append(found) }
            }
        } catch let error as PublishingError {
            throw error
        } catch let error as SystemError {
            throw .input(error)
        } catch {
            throw .cancelled
        }
        return try gather(findings.withLock { $0 })
    }

    private func gather(_ findings: [[Finding]]) throws(PublishingError) -> Result {
        var chunks = [SHA256Digest?](repeating: nil, count: layout.chunkCount)
        var files = [SHA256Digest?](repeating: nil, count: input.files.count)
        for finding in findings.joined() {
            switch finding {
            case .file(let index, let digest): files[index] = digest
            case .chunk(let index, let digest): chunks[index] = digest
            }
        }
        let found = chunks.compactMap { $0 }
        guard found.count == chunks.count else { throw .cancelled }
        return Result(chunks: found, files: files)
    }

    /// One thread: takes a unit at a time until none is left.
    private func hash(
        _ queue: WorkQueue,
        _ stop: StopFlag,
        progress: ProgressReport?
    ) throws(PublishingError) -> [Finding] {
        var hasher = RangeHasher()
        var findings: [Finding] = []
        while let index = queue.next(of: units.count) {
            guard !stop.isSet else { throw .cancelled }
            let before = findings.count
            var bytes: Int64 = 0
            switch units[index] {
            case .wholeFile(let file):
                let size = input.files[file].size
                try hashing.hash(file: file, range: 0..<size, step: max(size, 1), with: &hasher) { digest, count in
                    findings.append(.file(file, digest))
                    bytes += count
                }
                // An empty range gives no digest: the file's is that of no bytes.
                if findings.count == before { findings.append(.file(file, SHA256Digest(hashing: []))) }
            case .chunks(let file, let range, let first):
                let step = Int64(layout.chunkSize.bytes)
                try hashing.hash(file: file, range: range, step: step, with: &hasher) { digest, count in
                    findings.append(.chunk(first + findings.count - before, digest))
                    bytes += count
                }
            }
            progress?(queue.count(bytes), totalBytes)
        }
        return findings
    }
}

/// Is told how many bytes are hashed, of how many. All threads call it, also at the same time.
public typealias ProgressReport = @Sendable (_ done: Int64, _ total: Int64) -> Void

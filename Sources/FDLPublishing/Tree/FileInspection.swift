import FDLCore
import FDLCrypto
import FDLSystem
import Glibc
import Synchronization

/// Looks at the whole files of a manifest in those trees that are to have them, and makes them again from good chunks.
struct FileInspection: Sendable {
    /// Something that one thread does: it reads these chunks of one file in one tree.
    private struct Unit: Sendable {
        let place: Place
        let chunks: Range<Int>
    }

    private struct Place: Sendable, Hashable {
        let tree: Int
        /// Its number in the manifest.
        let file: Int
    }

    private static let unitBytes = 8 << 20

    private let manifest: Manifest
    private let trees: [PublishedTree]
    /// Which of the trees are to have the files.
    private let holders: [Int]
    private let source: PublishingSource?

    init(_ inspection: TreeInspection) {
        manifest = inspection.manifest
        trees = inspection.trees
        holders = inspection.fileHolders
        source = inspection.source
    }

    var totalBytes: Int64 { manifest.files.reduce(0) { $0 + $1.size } * Int64(holders.count) }

    /// - Parameters:
    ///   - healing: whether files that are missing or wrong are made again.
    ///   - count: is told how many more bytes are looked at.
    /// - Throws: `TreeError`
    func run(
        healing: Bool,
        threads: Int,
        count: @escaping @Sendable (Int64) -> Void
    ) async throws(TreeError) -> CopyReport {
        var report = CopyReport(name: manifest.name, version: manifest.version)
        report.files = holders.count * manifest.files.count
        for (place, isMissing) in try await faults(threads: threads, count: count) {
            let path = path(of: place)
            if healing, try FileHealing(manifest, trees, source).make(place.file, at: path, in: trees[place.tree]) {
                report.healed += 1
            } else {
                report.badFiles.append(CopyReport.BadFile(path: path, isMissing: isMissing))
            }
        }
        report.badFiles.sort { $0.path < $1.path }
        return report
    }

    private func path(of place: Place) -> String {
        trees[place.tree].absolute(TreePath.files(of: manifest) + manifest.files[place.file].path.string)
    }

    private var allUnits: [Unit] {
        let most = max(1, Self.unitBytes / manifest.chunkSize.bytes)
        var units: [Unit] = []
        for tree in holders {
            for file in manifest.files.indices {
                let chunks = manifest.layout.chunks(ofFile: file)
                let place = Place(tree: tree, file: file)
                if chunks.isEmpty { units.append(Unit(place: place, chunks: chunks)) }
                for start in stride(from: chunks.lowerBound, to: chunks.upperBound, by: most) {
                    units.append(Unit(place: place, chunks: start..<min(start + most, chunks.upperBound)))
                }
            }
        }
        return units
    }

    /// The files that are not as the manifest lists them, and whether they are missing.
    private func faults(
        threads: Int,
        count: @escaping @Sendable (Int64) -> Void
    ) async throws(TreeError) -> [(Place, Bool)] {
        let units = allUnits
        let queue = WorkQueue()
        let faults = Mutex<[Place: Bool]>([:])
        try await inParallel(threads: max(1, min(threads, units.count))) { stop in
            let bytes = manifest.chunkSize.bytes
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 4096)
            defer { buffer.deallocate() }
            while let index = queue.next(of: units.count) {
                guard !stop.isSet else { throw TreeError.cancelled }
                let unit = units[index]
                if let isMissing = try fault(of: unit, buffer) {
                    faults.withLock { $0[unit.place] = isMissing }
                }
                count(unit.chunks.reduce(0) { $0 + Int64(manifest.layout.length(ofChunk: $1)) })
            }
        }
        return faults.withLock { found in
            found.map { ($0.key, $0.value) }.sorted { ($0.0.tree, $0.0.file) < ($1.0.tree, $1.0.file) }
        }
    }

    /// - Returns: nil for what is right, true for a file that is missing, false for one that is wrong. One that cannot be
    ///   read counts as wrong: its disk may be failing.
    private func fault(of unit: Unit, _ buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Bool? {
        do throws(SystemError) {
            let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
            let file = try Descriptor(opening: path(of: unit.place), flags: flags)
            let status = try file.status()
            guard status.kind == .regular, status.size == manifest.files[unit.place.file].size else { return false }
            for chunk in unit.chunks {
                let location = manifest.layout.location(ofChunk: chunk)
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<location.length])
                guard try file.read(into: part, at: location.offset) == location.length,
                    SHA256Digest(hashing: UnsafeRawBufferPointer(part)) == manifest.digests[chunk]
                else { return false }
            }
            return nil
        } catch {
            // A file where one of its folders should be.
            if error.isNotFound || error.code == ENOTDIR { return true }
            guard error.isOfReading || error.code == ELOOP else { throw .tree(error) }
            return false
        }
    }
}

import FDLCore

/// Finds a chunk's places by its digest. A hash table of numbers alone: the digests stay where the manifests hold
/// them, so that a million chunks cost 16 MiB.
struct ChunkIndex: Sendable {
    /// A chunk of a manifest, both by number.
    struct Place: Hashable, Sendable {
        let manifest: Int
        let chunk: Int
    }

    /// How many files are remembered for one digest. A block of zeros may be in thousands of files; a few of them are
    /// enough in case one is damaged.
    static let placesPerDigest = 4

    /// Each slot is 0 or a place: the manifest's number plus 1 in the upper 32 bits, the chunk's in the lower. Open
    /// addressing, linear probing, at most half full.
    private var slots: [UInt64]
    private let mask: Int

    /// - Parameters:
    ///   - manifests: each has at most 2^20 chunks, as `Manifest` ensures.
    ///   - includes: whether the chunks of a file may be found.
    init(_ manifests: [PublishedManifest], includes: (_ manifest: Int, _ file: Int) -> Bool) {
        let count = manifests.reduce(0) { $0 + $1.layout.chunkCount }
        let capacity = max(16, (count * 2).nextPowerOfTwo)
        self.slots = Array(repeating: 0, count: capacity)
        self.mask = capacity - 1
        for (number, published) in manifests.enumerated() {
            for file in published.manifest.files.indices where includes(number, file) {
                for chunk in published.layout.chunks(ofFile: file) {
                    insert(Place(manifest: number, chunk: chunk), manifests)
                }
            }
        }
    }

    /// The places of a chunk, in the order of the manifests; `placesPerDigest` at most.
    func places(of digest: SHA256Digest, in manifests: [PublishedManifest]) -> [Place] {
        var found: [Place] = []
        var slot = digest.hashValue & mask
        while let place = Self.place(slots[slot]) {
            if manifests[place.manifest].manifest.digests[place.chunk] == digest { found.append(place) }
            slot = (slot + 1) & mask
        }
        return found
    }

    private mutating func insert(_ place: Place, _ manifests: [PublishedManifest]) {
        let published = manifests[place.manifest]
        let digest = published.manifest.digests[place.chunk]
        var known = 0
        // The hash is seeded for each process, so that nobody can choose digests that collide.
        var slot = digest.hashValue & mask
        while let other = Self.place(slots[slot]) {
            if manifests[other.manifest].manifest.digests[other.chunk] == digest {
                known += 1
                let isSameFile =
                    other.manifest == place.manifest
                    && published.layout.file(ofChunk: other.chunk) == published.layout.file(ofChunk: place.chunk)
                if known == Self.placesPerDigest || isSameFile { return }
            }
            slot = (slot + 1) & mask
        }
        slots[slot] = UInt64(place.manifest + 1) << 32 | UInt64(place.chunk)
    }

    private static func place(_ slot: UInt64) -> Place? {
        slot == 0 ? nil : Place(manifest: Int(slot >> 32) - 1, chunk: Int(slot & 0xffff_ffff))
    }
}

extension Int {
    fileprivate var nextPowerOfTwo: Int {
        self <= 1 ? 1 : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}

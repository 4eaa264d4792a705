import FDLCore
import FDLSystem
import Glibc

/// What is measured with: the same bytes each time, and no two blocks alike.
extension Place {
    /// The manifest of something in `data`.
    func manifest(of input: String) -> String { "\(data)/\(input).manifest.json" }

    func chunkSize(of input: String) -> String { ["large", "larger", "coarse"].contains(input) ? "1MiB" : "64KiB" }

    mutating func makeData(certificatesBy makeCerts: String) throws {
        try run([makeCerts, "--dir", certificates])
        try makeFile("\(data)/large", bytes: settings.bytes, seed: 1)
        try makeFile("\(data)/small", bytes: 4096, seed: 1)
        try makeFolder("folder", files: 1000, bytes: 65536)
        for input in ["large", "small", "folder"] { try sign(input) }
        // It is measured with all of it in the page cache.
        try run(["sh", "-c", "find \"$1\" -type f -exec cat {} + >/dev/null", "sh", data])
    }

    func sign(_ input: String) throws {
        try run([program("fdl-sign"), "manifest", "\(data)/\(input)", "--chunk-size", chunkSize(of: input)])
    }

    func makeFile(_ path: String, bytes: Int64, seed: UInt64) throws {
        var noise = Noise(seed: seed)
        try makeFile(path, bytes: bytes, from: &noise)
    }

    func makeFolder(_ name: String, files: Int, bytes: Int64) throws {
        let directory = "\(data)/\(name)"
        try makeDirectory(directory)
        var noise = Noise(seed: 2)
        for file in 0..<files {
            let digits = String(file)
            let padding = String(repeating: "0", count: 6 - digits.count)
            try makeFile("\(directory)/file-\(padding)\(digits)", bytes: bytes, from: &noise)
        }
    }

    /// A folder that is signed, and on the disk: what has just been made is not to be written out in what is measured.
    /// - Returns: what to remove.
    func makeSmallFiles(_ name: String, files: Int, bytes: Int64) throws -> [String] {
        try makeFolder(name, files: files, bytes: bytes)
        try sign(name)
        try run(["sync", "-f", data])
        return ["\(data)/\(name)", manifest(of: name), manifest(of: name) + ".minisig"]
    }

    private func makeFile(_ path: String, bytes: Int64, from noise: inout Noise) throws {
        let file = try Descriptor(opening: path, flags: O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
        var offset: Int64 = 0
        while offset < bytes {
            let block = noise.block(Int(min(bytes - offset, 1 << 20)))
            try block.span.withUnsafeBytes { block throws(SystemError) in try file.write(block, at: offset) }
            offset += Int64(block.count)
        }
    }
}

/// Steele, Lea and Flood's SplitMix64, as bytes.
private struct Noise {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func block(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: (count + 7) / 8 * 8) { buffer, initialized in
            let words = UnsafeMutableRawBufferPointer(buffer)
            for offset in stride(from: 0, to: count, by: 8) {
                words.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self)
            }
            initialized = count
        }
    }

    private mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

import FDLCore
import FDLCrypto
import FDLTrust
import TestSupport
import Testing

@Suite struct SignedBytesTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/m.json"
    }

    @Test func `a manifest and its signature are read as they are`() throws {
        try folder.write([1, 2], "m.json")
        try folder.write([3], "m.json.minisig")
        #expect(try SignedBytes(readingFile: path) == SignedBytes(manifest: [1, 2], signature: [3], origin: path))
    }

    @Test func `without a signature it says where that was looked for`() throws {
        try folder.write([1], "m.json")
        let bytes = try SignedBytes(readingFile: path)
        #expect(bytes.signature == nil)
        #expect(throws: VerificationError.signatureMissing(path: "\(path).minisig")) {
            try VerifiedManifest.verify(bytes, acceptedKeys: [])
        }
    }

    @Test func `no manifest is the command line's fault, an unreadable one the disk's`() throws {
        let missing = #expect(throws: VerificationError.self) { try SignedBytes(readingFile: path) }
        #expect(missing?.failure.exitCode == .usage)
        let unreadable = #expect(throws: VerificationError.self) { try SignedBytes(readingFile: folder.path) }
        #expect(unreadable?.failure.exitCode == .localIO)
    }

    @Test func `what is too long for a signature is none`() throws {
        try folder.write([1], "m.json")
        try folder.write(Array(repeating: 0x20, count: MinisignSignature.maximumBytes + 1), "m.json.minisig")
        #expect(throws: VerificationError.signature(.malformed("it is too long"))) {
            try SignedBytes(readingFile: path)
        }
    }
}

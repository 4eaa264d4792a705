import FDLCore
import FDLCrypto
import Foundation
import Testing

@Suite struct SHA256HasherTests {
    // FIPS 180-4's examples.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func knownDigests(text: String, hex: String) {
        #expect(SHA256Digest(hashing: Array(text.utf8)).hex == hex)
    }

    @Test func piecesMakeTheSameDigestAndTheHasherIsUsedAgain() {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let whole = SHA256Digest(hashing: bytes)
        var hasher = SHA256Hasher()
        for step in [1, 63, 64, 65, 1000, 10_000] {
            bytes.withUnsafeBytes { raw in
                for start in stride(from: 0, to: raw.count, by: step) {
                    hasher.update(UnsafeRawBufferPointer(rebasing: raw[start..<min(start + step, raw.count)]))
                }
            }
            #expect(hasher.finalize() == whole)
        }
        bytes.withUnsafeBytes { hasher.update($0) }
        hasher.reset()
        #expect(hasher.finalize() == SHA256Digest(hashing: []))
    }

    @Test func threadsHashAtOnce() async {
        let expected = SHA256Digest(hashing: Array("abc".utf8))
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<200).allSatisfy { _ in SHA256Digest(hashing: Array("abc".utf8)) == expected } }
            }
            for await same in group { #expect(same) }
        }
    }
}

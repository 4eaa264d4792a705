import FDLCore
import FDLCrypto
import Testing

@testable import FDLClient

/// The vectors of docs/formats.md.
@Suite("Which source a chunk belongs to")
struct AffinityKeyTests {
    private func keys() throws -> [Affinity.Key] {
        try ["https://A.example", "https://b.example:8443/", "https://c.example:443/pub"].map {
            Affinity.Key(try SourceURL($0))
        }
    }

    @Test("a key is of the URL as it is printed")
    func urls() throws {
        #expect(try keys().map(\.word) == [0xbefd_e498_a45b_6c82, 0xab47_397a_b7d1_d29f, 0xaac8_c634_986a_99f7])
        let query = try SourceURL("https://a.example/?token=secret", allowingQuery: true)
        #expect(Affinity.Key(query) == (try keys()[0]))
    }

    @Test(
        "weights and order are those of the page",
        arguments: [
            ("", [0xf654_1b82_cb66_9499, 0xd374_31a6_2713_fef6, 0x9402_5d3d_1f6f_7cd7], [0, 1, 2]),
            ("abc", [0x3add_3fc9_88f6_5f7a, 0xb121_8565_87c1_049e, 0xe41c_52b5_f94f_5c16], [2, 1, 0]),
            ("fdl", [0x1655_6288_6c60_2071, 0xd701_0cdf_fd53_c9bc, 0xfb2b_76d3_a39b_b9fb], [2, 1, 0]),
            ("chunk", [0xe89d_7fa0_0bb2_1afe, 0x1fa3_9809_3837_d350, 0xe02a_72f6_a789_3ed9], [0, 2, 1]),
        ] as [(String, [UInt64], [Int])]
    )
    func weights(text: String, weights: [UInt64], order: [Int]) throws {
        let digest = SHA256Digest(hashing: Array(text.utf8))
        let keys = try keys()
        #expect(keys.map { Affinity.weight(chunk: digest.leadingWord, source: $0.word) } == weights)
        #expect(Affinity.order(of: digest, among: keys) == order)
    }

    @Test("equal weights go by the URLs' bytes")
    func ties() throws {
        let digest = SHA256Digest(hashing: [1])
        let keys = ["https://b/", "https://a/", "https://c/"].map { Affinity.Key(url: $0, digest: digest) }
        #expect(Affinity.order(of: digest, among: keys) == [1, 0, 2])
    }
}

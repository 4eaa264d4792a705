import FDLCore
import FDLCrypto
import TestSupport
import Testing

@testable import FDLPublishing

@Suite struct PlacementTests {
    private static let chunks = (0..<10_000).map { SHA256Digest(hashing: Array("\($0)".utf8)) }

    private func placement(_ servers: Int, replicas: Int) throws -> FragmentPlacement {
        FragmentPlacement(urls: try (0..<servers).map { try SourceURL("https://s\($0).example/") }, replicas: replicas)
    }

    @Test func `each of five servers holds two fifths`() throws {
        let placement = try placement(5, replicas: 2)
        var held = [Int](repeating: 0, count: 5)
        for chunk in Self.chunks {
            let holders = placement.holders(of: chunk)
            #expect(Set(holders).count == 2)
            for holder in holders { held[holder] += 1 }
        }
        for count in held { #expect((3_600...4_400).contains(count), "\(held)") }
    }

    @Test func `a sixth server takes a sixth and nothing else moves`() throws {
        let (five, six) = (try placement(5, replicas: 1), try placement(6, replicas: 1))
        var moved = 0
        for chunk in Self.chunks where five.holders(of: chunk) != six.holders(of: chunk) {
            moved += 1
            #expect(six.holders(of: chunk) == [5])
        }
        #expect((1_500...1_834).contains(moved), "\(moved)")
    }

    @Test func `a copy on each server`() throws {
        #expect(try Set(placement(3, replicas: 3).holders(of: Self.chunks[0])) == [0, 1, 2])
    }
}

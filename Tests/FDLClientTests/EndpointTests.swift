import FDLCore
import NIOCore
import NIOPosix
import Testing

@testable import FDLClient

@Suite("Names with several addresses")
struct EndpointTests {
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 33
        }
    }

    private func source(_ url: String) throws -> Manifest.Source {
        Manifest.Source(kind: .worker, url: try SourceURL(url))
    }

    private func choose(_ addresses: [String: [String]], chunks: Int = 100, isProxied: Bool = false, seed: UInt64 = 1)
        throws -> [Endpoint]
    {
        var generator = Seeded(state: seed)
        return Endpoint.choose(
            for: [try source("https://a.example/"), try source("https://b.example:8443/")],
            among: addresses,
            chunks: chunks,
            isProxied: { _ in isProxied },
            using: &generator
        )
    }

    @Test func aNameWithOneAddressIsLookedUpForEachConnection() throws {
        for addresses in [[:], ["a.example": []], ["a.example": ["192.0.2.1"]]] {
            #expect(try choose(addresses) == [Endpoint(source: 0, address: nil), Endpoint(source: 1, address: nil)])
        }
    }

    @Test func eachAddressIsAnEndpointWithTheURLsPort() throws {
        let chosen = try choose(["b.example": ["192.0.2.1", "2001:db8::1"]])
        #expect(chosen.map(\.source) == [0, 1, 1])
        let addresses = Set(
            chosen.dropFirst().compactMap { $0.address.map { "\($0.ipAddress ?? "") \($0.port ?? 0)" } }
        )
        #expect(addresses == ["192.0.2.1 8443", "2001:db8::1 8443"])
    }

    @Test func eightAreChosenAtRandomAndNoMoreThanThereAreChunks() throws {
        let many = ["a.example": (1...20).map { "192.0.2.\($0)" }]
        var all: Set<String> = []
        for seed in 1...40 as ClosedRange<UInt64> {
            let chosen = try choose(many, seed: seed).compactMap { $0.address?.ipAddress }
            #expect(Set(chosen).count == 8)
            all.formUnion(chosen)
        }
        #expect(all.count == 20)
        #expect(try choose(many, chunks: 3).count == 3 + 1)
        #expect(try choose(many, chunks: 1).count == 2 + 1)
    }

    @Test func aProxyLooksNamesUp() throws {
        #expect(try choose(["a.example": ["192.0.2.1", "192.0.2.2"]], isProxied: true).count == 2)
    }

    @Test func anAddressThatCannotBeReadIsPassedOver() throws {
        #expect(try choose(["a.example": ["192.0.2.1", "fe80::1%nowhere"]]).map(\.address) == [nil, nil])
    }

    @Test func loopbackIsKnownByNumbers() async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let found = await NameLookup.addresses(of: ["127.0.0.1"], within: .seconds(10), on: loop)
        #expect(found == ["127.0.0.1": ["127.0.0.1"]])
    }
}

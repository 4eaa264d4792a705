import FDLCore
import FDLCrypto
import FDLPublishing
import FDLTrust
import Testing

@Suite("What the next publisher statement says")
struct PublisherChangeTests {
    private let a: PublicKey
    private let b: PublicKey
    private let noon = UTCTime(secondsSince1970: 1_795_341_600)
    private let day: Int64 = 86_400

    init() throws {
        a = try SecretKey.generate().publicKey
        b = try SecretKey.generate().publicKey
    }

    private func first(_ keys: [PublisherStatement.Key]) throws -> PublisherStatement {
        try PublisherStatement(
            name: ManifestName(from: "acme"),
            version: 4,
            created: noon,
            expires: UTCTime(secondsSince1970: noon.secondsSince1970 + 30 * day),
            keys: keys,
            threshold: 1,
            maximumAge: nil
        )
    }

    @Test func `It is the next, valid as long as the one before, and else the same`() throws {
        let last = try first([.init(a, roles: [.sign])])
        let now = UTCTime(secondsSince1970: noon.secondsSince1970 + 10 * day)
        let next = try PublisherChange().next(after: last, now: now)
        #expect(next.version == 5 && next.created == now && next.keys == last.keys && next.threshold == 1)
        #expect(next.expires == UTCTime(secondsSince1970: now.secondsSince1970 + 30 * day))
        var change = PublisherChange()
        change.lifetime = day
        #expect(try change.next(after: last, now: now).expires?.secondsSince1970 == now.secondsSince1970 + day)
    }

    @Test func `A key that is retired signs nothing, and says nothing of freshness`() throws {
        let last = try first([.init(a, roles: [.sign]), .init(b, roles: [.sign, .fresh])])
        let until = [ManifestName(from: "tool"): Int64(7)]
        var change = PublisherChange()
        change.keys = .retire(b, until: until)
        let next = try change.next(after: last, now: noon)
        #expect(next.keys == [.init(a, roles: [.sign]), .init(b, roles: [.sign], until: until)])
        #expect(next.signingKeys == [a] && next.freshKeys.isEmpty)
        change.keys = .remove(b)
        #expect(try change.next(after: last, now: noon).keys == [.init(a, roles: [.sign])])
    }

    @Test func `A key gets further roles, and freshness is wanted or no longer`() throws {
        var change = PublisherChange()
        change.keys = .add(a, roles: [.fresh])
        change.maximumAge = day
        let aged = try change.next(after: first([.init(a, roles: [.sign])]), now: noon)
        #expect(aged.keys == [.init(a, roles: [.sign, .fresh])] && aged.maximumAge == day)
        #expect(try PublisherChange().next(after: aged, now: noon).maximumAge == day)
        change = PublisherChange()
        change.maximumAge = 0
        #expect(try change.next(after: aged, now: noon).maximumAge == nil)
    }
}

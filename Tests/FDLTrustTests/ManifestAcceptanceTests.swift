import FDLCore
import FDLCrypto
import FDLSystem
import FDLTrust
import Synchronization
import TestSupport
import Testing

/// A pair that is read while the publisher puts another one there.
@Suite struct ManifestAcceptanceTests {
    private let folder: TemporaryFolder
    private let old: SignedBytes
    private let new: SignedBytes
    private let acceptance: ManifestAcceptance

    init() throws {
        folder = try TemporaryFolder()
        let key = try SecretKey.generate()
        let directories = folder.directories
        try KeyRing(directories: directories).trust(key.publicKey)
        acceptance = ManifestAcceptance(directories: directories)
        func pair(_ path: String) throws -> SignedBytes {
            let bytes = try Manifest.sample([(path, [])]).encoded()
            let signature = try MinisignSignature(signing: bytes, with: key, trustedComment: "")
            return SignedBytes(manifest: bytes, signature: signature.encoded, origin: "m")
        }
        old = try pair("old")
        new = try pair("new")
    }

    private var torn: SignedBytes {
        SignedBytes(manifest: old.manifest, signature: new.signature, origin: "m")
    }

    /// Reads what `readings` says, the last of them again and again.
    private func accept(_ readings: [SignedBytes]) async -> (Result<String, Failure>, readings: Int) {
        let place = Readings(readings)
        do throws(Failure) {
            let verified = try await acceptance.accept(place, now: UTCTime(secondsSince1970: 0))
            return (.success(verified.manifest.files[0].path.string), place.count)
        } catch {
            return (.failure(error), place.count)
        }
    }

    /// A place where each reading finds what the next of some values says, the last one again and again.
    private final class Readings: ManifestPlace {
        private let readings: [SignedBytes]
        private let done = Mutex(0)
        var count: Int { done.withLock { $0 } }

        init(_ readings: [SignedBytes]) {
            self.readings = readings
        }

        func read() async throws(Failure) -> SignedBytes {
            let count = done.withLock { count in
                count += 1
                return count
            }
            return readings[min(count, readings.count) - 1]
        }

        func signature(by key: KeyID) async throws(Failure) -> [UInt8]? { nil }

        let isLive = false
        let freshnessName = ""
        let statementPlaces: [any StatementPlace] = []

        func freshness() async throws(Failure) -> SignedFreshness? { nil }
    }

    @Test func `a whole pair is read once`() async {
        let (result, readings) = await accept([new])
        #expect(result == .success("new") && readings == 1)
    }

    @Test(arguments: 1...5)
    func `a torn pair is read again`(times: Int) async {
        let (result, readings) = await accept(Array(repeating: torn, count: times) + [new])
        #expect(result == .success("new") && readings == times + 1)
    }

    @Test func `a signature that is cut off is read again`() async {
        let cut = SignedBytes(manifest: new.manifest, signature: [], origin: "m")
        #expect(await accept([cut, new]).0 == .success("new"))
    }

    @Test func `a forgery stays one`() async {
        let (result, readings) = await accept([torn])
        guard case .failure(let failure) = result else {
            Issue.record("accepted")
            return
        }
        #expect(failure.exitCode == .integrity && failure.message.contains("does not match the manifest"))
        #expect(readings == VerificationError.pausesForTornPair.count + 1)
    }

    @Test func `what reading again cannot mend is told at once`() async throws {
        let unsigned = SignedBytes(manifest: new.manifest, signature: nil, origin: "m")
        #expect(await accept([unsigned, new]).readings == 1)
        let stranger = try MinisignSignature(signing: new.manifest, with: SecretKey.generate(), trustedComment: "")
        let unknown = SignedBytes(manifest: new.manifest, signature: stranger.encoded, origin: "m")
        #expect(await accept([unknown, new]).readings == 1)
    }
}

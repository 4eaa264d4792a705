import FDLClient
import FDLCore
import FDLCrypto
import FDLSystem
import TestSupport
import Testing

/// A pair that is read while the publisher puts another one there.
@Suite struct ManifestAcceptanceTests {
    private let folder: TemporaryFolder
    private let old: FetchedManifest
    private let new: FetchedManifest
    private let acceptance: ManifestAcceptance

    init() throws {
        folder = try TemporaryFolder()
        let key = try SecretKey.generate()
        let directories = UserDirectories(
            environment: ["XDG_CONFIG_HOME": "\(folder.path)/config", "XDG_STATE_HOME": "\(folder.path)/state"]
        )
        try KeyRing(directories: directories).trust(key.publicKey)
        acceptance = ManifestAcceptance(directories: directories)
        func pair(_ path: String) throws -> FetchedManifest {
            let bytes = try manifest([(path, [1])]).encoded()
            let signature = try MinisignSignature(signing: bytes, with: key, trustedComment: "")
            return FetchedManifest(manifest: bytes, signature: signature.encoded, worker: nil)
        }
        old = try pair("old")
        new = try pair("new")
    }

    private var torn: FetchedManifest {
        FetchedManifest(manifest: old.manifest, signature: new.signature, worker: nil)
    }

    /// Reads what `readings` says, the last of them again and again.
    private func accept(_ readings: [FetchedManifest]) async -> (Result<String, Failure>, readings: Int) {
        var count = 0
        do throws(Failure) {
            let (verified, _) = try await acceptance.accept(from: "m", now: UTCTime(secondsSince1970: 0)) {
                () async throws(Failure) in
                count += 1
                return readings[min(count, readings.count) - 1]
            }
            return (.success(verified.manifest.files[0].path.string), count)
        } catch {
            return (.failure(error), count)
        }
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
        let cut = FetchedManifest(manifest: new.manifest, signature: [], worker: nil)
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
        let unsigned = FetchedManifest(manifest: new.manifest, signature: nil, worker: nil)
        #expect(await accept([unsigned, new]).readings == 1)
        let stranger = try MinisignSignature(signing: new.manifest, with: SecretKey.generate(), trustedComment: "")
        let unknown = FetchedManifest(manifest: new.manifest, signature: stranger.encoded, worker: nil)
        #expect(await accept([unknown, new]).readings == 1)
    }
}

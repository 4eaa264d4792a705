import FDLCore
import FDLCrypto
import FDLTrust
import FDLPublishing
import TestSupport
import Testing

@Suite struct VersionChoiceTests {
    static let now = UTCTime(secondsSince1970: 1_795_341_600)
    static let clock = now.secondsSince1970
    static let highest = Manifest.allowedVersions.upperBound

    @Test func `without an earlier manifest the clock gives the version`() throws {
        let choice = try VersionChoice(now: Self.now)
        #expect(choice.version == Self.clock && choice.remarks.isEmpty)
        #expect(try VersionChoice(earlier: Self.clock - 1, now: Self.now) == choice)
    }

    @Test(arguments: [0, 1, 86_399] as [Int64])
    func `where the clock gives none higher, it is the one after the earlier manifest's`(ahead: Int64) throws {
        let earlier = Self.clock + ahead
        let choice = try VersionChoice(earlier: earlier, now: Self.now)
        #expect(choice.version == earlier + 1)
        #expect(choice.remarks == [.counted(version: earlier + 1, earlier: earlier, clock: Self.clock)])
        let said = "\(choice.remarks[0])"
        #expect(said.contains("\(earlier + 1)") && said.contains("\(earlier)") && said.contains("\(Self.clock)"))
    }

    @Test func `more than a day ahead of the clock is refused unless insisted upon`() throws {
        let earlier = Self.clock + 86_400
        let counted = PublishingError.versionAhead(earlier + 1, earlier: earlier, now: Self.now, isClockWrong: false)
        #expect(throws: counted) { try VersionChoice(earlier: earlier, now: Self.now) }
        #expect(try VersionChoice(earlier: earlier, now: Self.now, allowsAhead: true).version == earlier + 1)
        for wanted in [Self.clock + 86_401, Self.highest] {
            let given = PublishingError.versionAhead(wanted, earlier: nil, now: Self.now, isClockWrong: false)
            #expect(throws: given) { try VersionChoice(wanted: wanted, now: Self.now) }
            #expect(try VersionChoice(wanted: wanted, now: Self.now, allowsAhead: true).version == wanted)
            #expect(given.failure.exitCode == .usage)
            #expect(given.failure.hint?.contains("--ahead") == true)
        }
        #expect(try VersionChoice(wanted: Self.clock + 86_400, now: Self.now).version == Self.clock + 86_400)
    }

    @Test func `a version that was asked for is taken, unless it is lower than the one before`() throws {
        #expect(throws: PublishingError.versionLower(5, earlier: 7)) {
            try VersionChoice(wanted: 5, earlier: 7, now: Self.now)
        }
        #expect(throws: PublishingError.versionLower(5, earlier: 7)) {
            try VersionChoice(wanted: 5, earlier: 7, now: Self.now, allowsAhead: true)
        }
        #expect(try VersionChoice(wanted: 7, earlier: 7, now: Self.now).remarks == [.same(version: 7)])
        #expect(try VersionChoice(wanted: 8, earlier: 7, now: Self.now).remarks.isEmpty)
    }

    @Test func `after the highest version there is none`() {
        #expect(throws: PublishingError.noVersionLeft) {
            try VersionChoice(earlier: Self.highest, now: Self.now, allowsAhead: true)
        }
    }

    @Test(arguments: [-5, 0, 1, 1_577_836_799] as [Int64])
    func `a clock before 2020 is wrong`(seconds: Int64) throws {
        let now = UTCTime(secondsSince1970: seconds)
        let choice = try VersionChoice(now: now)
        #expect(choice.version == max(1, seconds) && choice.remarks == [.clockIsWrong(now)])
        // The clock is to blame, not the earlier manifest.
        let error = #expect(throws: PublishingError.self) { try VersionChoice(earlier: Self.clock, now: now) }
        #expect(error?.failure.message.contains("clock is wrong") == true)
        #expect(error?.failure.hint?.contains("set the clock") == true)
        #expect(try VersionChoice(now: UTCTime(secondsSince1970: 1_577_836_800)).remarks.isEmpty)
    }
}

@Suite struct EarlierManifestTests {
    private let folder: TemporaryFolder
    private let signer: PublicKey
    private let path: String

    init() async throws {
        folder = try TemporaryFolder()
        path = "\(folder.path)/m"
        let key = try SecretKey.generate()
        signer = key.publicKey
        var recipe = ManifestRecipe()
        recipe.version = 77
        let now = VersionChoiceTests.now
        let input = try PublishingInput(scanning: folder.write([1], "x"))
        let manifest = try await recipe.manifest(of: input, now: now)
        try SignedBytes(manifest, signedWith: key, fileName: "m", now: now).write(to: path)
    }

    private func found(_ name: String = "x") throws -> EarlierManifest {
        EarlierManifest(at: path, name: try #require(ManifestName(name)), signer: signer)
    }

    @Test func `the publisher's own manifest of that name has a version`() throws {
        #expect(try found() == .version(77))
        #expect(try found("y") == .none)
    }

    @Test func `another publisher's manifest does not count`() throws {
        let other = try SecretKey.generate().publicKey
        let name = try #require(ManifestName("x"))
        #expect(EarlierManifest(at: path, name: name, signer: other) == .none)
    }

    @Test func `what a killed run left counts`() throws {
        try folder.write(Array(folder.read("m.minisig").dropLast(9)), "m.minisig")
        #expect(try found() == .version(77))
        try folder.write([], "m.minisig")
        #expect(try found() == .version(77))
    }

    @Test func `what cannot be read is named`() throws {
        try folder.write(Array(folder.read("m").dropLast(20)), "m")
        guard case .unreadable(path, _) = try found() else {
            Issue.record("\(try found())")
            return
        }
        try folder.write([], "m")
        #expect(try found() == .none)
        let name = try #require(ManifestName("x"))
        #expect(EarlierManifest(at: "\(folder.path)/none", name: name, signer: signer) == .none)
    }
}

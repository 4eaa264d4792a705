import FDLCore
import FDLCrypto
import FDLOpenSSL
import FDLPublishing
import FDLServer
import FDLTrust
import Glibc

@testable import FDLSystem

let openSSLError = OpenSSLError(operation: "sign", reason: "out of memory")
let notThere = SystemError(operation: .open, path: "x", code: ENOENT)
let noon = UTCTime(secondsSince1970: 1_795_608_000)
/// Shown as 0807060504030201.
let signer = KeyID(bytes: 1...8)

let toaster = ManifestName(from: "toaster")
let digest = SHA256Digest(hashing: [])

extension KeyError: Walked {
    static let first = KeyError.notAPublicKey("it has one line")

    var next: KeyError? {
        switch self {
        case .notAPublicKey: .secretForPublic
        case .secretForPublic: .notASecretKey("no start line")
        case .notASecretKey: .notEd25519
        case .notEd25519: .passphraseMissing
        case .passphraseMissing: .passphraseWrong
        case .passphraseWrong: .agent("it holds no Ed25519 key")
        case .agent: .openSSL(openSSLError)
        case .openSSL: nil
        }
    }
}

extension SignatureError: Walked {
    static let first = SignatureError.malformed("it has three lines")

    var next: SignatureError? {
        guard let id = signer else { return nil }
        return switch self {
        case .malformed: .legacy
        case .legacy: .unknownKey(id)
        case .unknownKey: .mismatch(id)
        case .mismatch: .trustedCommentTampered(id)
        case .trustedCommentTampered: .openSSL(openSSLError)
        case .openSSL: nil
        }
    }
}

extension VerificationError: Walked {
    static let first = VerificationError.unreadable(notThere)

    var next: VerificationError? {
        switch self {
        case .unreadable: .signatureMissing(path: "m.minisig")
        case .signatureMissing: .signature(.legacy)
        case .signature: signer.map { .signerNotNamed($0) }
        case .signerNotNamed: .manifest(.noFiles)
        case .manifest: .otherName(toaster, asked: "router")
        case .otherName: .tooFewSigners(publisher: "acme", found: 1, needed: 2)
        case .tooFewSigners: signer.map { .keyRetired($0, publisher: "acme") }
        case .keyRetired: signer.map { .keyRemoved($0, publisher: "acme") }
        case .keyRemoved: .notForName(toaster, publisher: "acme", ["router", "fw-*"].compactMap { NamePattern($0) })
        case .notForName: .otherPublisher(toaster, publisher: "acme", known: "emca")
        case .otherPublisher: .staleness(.missing(file: "/manifests/toaster.fresh.json"))
        case .staleness: nil
        }
    }
}

extension FreshnessError: Walked {
    static let first = FreshnessError.expired(at: noon, now: noon)

    var next: FreshnessError? {
        switch self {
        case .expired: .notYetMade(created: noon, now: UTCTime(secondsSince1970: 0))
        case .notYetMade: .older(version: 7, seen: 8, name: toaster, now: noon)
        case .older: .otherContent(version: 7, name: toaster, digest, seen: digest)
        case .otherContent: nil
        }
    }
}

extension StateError: Walked {
    static let first = StateError.directory(UserDirectoryError(variable: "XDG_STATE_HOME", reason: .noHome))

    var next: StateError? {
        switch self {
        case .directory: .system(notThere, place: "/s/fdl")
        case .system: .damaged(path: "/s/fdl/seen/k/n", name: "n")
        case .damaged: nil
        }
    }
}

extension KeyRingError: Walked {
    static let first = KeyRingError.system(notThere)

    var next: KeyRingError? {
        switch self {
        case .system: .directory(UserDirectoryError(variable: "XDG_CONFIG_HOME", reason: .noHome))
        case .directory: .key(.passphraseMissing, path: "p.key")
        case .key: .invalidLabel("a b")
        case .invalidLabel: .labelTaken("a")
        case .labelTaken: .unknownPublisher("a")
        case .unknownPublisher: .emptyPassphrase(path: "p")
        case .emptyPassphrase: .secretKeyMissing(path: "p.key", publicKey: "p.pub")
        case .secretKeyMissing: .invalidPattern("a/b")
        case .invalidPattern: .patternsDamaged(path: "acme.for")
        case .patternsDamaged: .statement(.noFreshKey, path: "acme.publisher.json")
        case .statement: .keptDamaged(path: "/s/a/2.json", .noFreshKey)
        case .keptDamaged: .pinnedAlready(label: "acme")
        case .pinnedAlready: nil
        }
    }
}

extension UserDirectoryError: Walked {
    static let first = UserDirectoryError(variable: "XDG_STATE_HOME", reason: .noHome)

    var next: UserDirectoryError? {
        let reason: Reason? =
            switch reason {
            case .noHome: .homeIsRoot("/")
            case .homeIsRoot: .homeMissing("/h")
            case .homeMissing: .notAbsolute("HOME", "h")
            case .notAbsolute: .notUTF8("HOME", shown: "/\\xe9")
            case .notUTF8: nil
            }
        return reason.map { UserDirectoryError(variable: variable, reason: $0) }
    }
}

extension PublishingError: Walked {
    static let first = PublishingError.input(notThere)

    var next: PublishingError? {
        switch self {
        case .input: .notAFile(path: "x")
        case .notAFile: .emptyFolder(path: "x")
        case .emptyFolder: .invalidPath("a\\b", .backslash)
        case .invalidPath: .nameNotUTF8("caf?")
        case .nameNotUTF8: .changed(path: "x")
        case .changed: .sizeUntrue(path: "x")
        case .sizeUntrue: .cancelled
        case .cancelled: .manifest(.tooManyChunks)
        case .manifest(.tooManyChunks): .manifest(.tooLarge(bytes: 1 << 30))
        case .manifest(.tooLarge): .manifest(.noFiles)
        case .manifest: .signing(openSSLError)
        case .signing: .output(SystemError(operation: .create, path: "m", code: EACCES))
        case .output: .outputIsInput(path: "m")
        case .outputIsInput: .outputNotOurs(path: "m")
        case .outputNotOurs: .versionAhead(9, earlier: nil, now: noon, isClockWrong: true)
        case .versionAhead(_, _, _, true): .versionAhead(9, earlier: 8, now: noon, isClockWrong: false)
        case .versionAhead(_, .some, _, _): .versionAhead(9, earlier: nil, now: noon, isClockWrong: false)
        case .versionAhead: .versionLower(6, earlier: 7)
        case .versionLower: .noVersionLeft
        case .noVersionLeft: nil
        }
    }
}

extension ExportError: Walked {
    static let first = ExportError.digestUnknown(file: 1)

    var next: ExportError? {
        switch self {
        case .digestUnknown: .notInXML(path: "x")
        case .notInXML: .tooManyPieces
        case .tooManyPieces: nil
        }
    }
}

extension TreeError: Walked {
    static let first = TreeError.source(notThere)

    var next: TreeError? {
        switch self {
        case .source: .sourceMissing(path: "x", isFolder: false)
        case .sourceMissing(_, false): .sourceMissing(path: "x", isFolder: true)
        case .sourceMissing: .sourceDiffers(path: "x", offset: 65_536)
        case .sourceDiffers(_, .some): .sourceDiffers(path: "x", offset: nil)
        case .sourceDiffers: .tree(SystemError(operation: .create, path: "d", code: EACCES))
        case .tree(let error) where error.code == EACCES:
            .tree(SystemError(operation: .write, path: "d", code: ENOSPC))
        case .tree: .busy(path: "d")
        case .busy: .sameDirectory("d", "e")
        case .sameDirectory: .sameServer("https://a/")
        case .sameServer: .serversUnknown(directories: 3, servers: 1)
        case .serversUnknown(_, 1): .serversUnknown(directories: 3, servers: 0)
        case .serversUnknown: .older(version: 7, there: 8, path: "d")
        case .older: ManifestName("toaster").map { .pathTaken(path: "d/files/x", by: $0) }
        case .pathTaken: .unreadable(path: "d/x", reason: "it is not as fdl-sign publish wrote it")
        case .unreadable: .nothingPublished(path: "d")
        case .nothingPublished: .outOfMemory
        case .outOfMemory: .cancelled
        case .cancelled: nil
        }
    }
}

extension WorkerError: Walked {
    static let first = WorkerError.root(notThere)

    var next: WorkerError? {
        let address = ListenAddress.standard
        return switch self {
        case .root: .tls(.keyFileMissing(path: "c.key"))
        case .tls: .listen(address, code: EADDRINUSE, reason: "")
        case .listen(_, EADDRINUSE, _): .listen(address, code: EACCES, reason: "")
        case .listen(let address, EACCES, _) where address.port > 1023:
            .listen(ListenAddress(host: "::", port: 443), code: EACCES, reason: "")
        case .listen(_, EACCES, _): .listen(address, code: EADDRNOTAVAIL, reason: "")
        case .listen(_, EADDRNOTAVAIL, _): .listen(address, code: 0, reason: "the name has no address")
        case .listen: .metrics(address, code: EADDRINUSE, reason: "")
        case .metrics(_, EADDRINUSE, _): .metrics(address, code: 0, reason: "the name has no address")
        case .metrics: .socket(SystemError(operation: .other("listen on the descriptor 3"), code: EINVAL))
        case .socket: .limits(SystemError(operation: .other("start 9 threads"), code: EAGAIN))
        case .limits: .server(reason: "it fell over")
        case .server: nil
        }
    }
}

extension ConfinementError: Walked {
    static let first = ConfinementError.unknownUser("fdl")

    var next: ConfinementError? {
        switch self {
        case .unknownUser: .unknownGroup("tls")
        case .unknownGroup: .notRoot(user: "fdl")
        case .notRoot: .mayNotBecome(user: "fdl", SystemError(operation: .other("become it"), code: EPERM))
        case .mayNotBecome: .notForGood(user: "fdl")
        case .notForGood: .refused(SystemError(operation: .other("put Landlock's rules in force"), code: E2BIG))
        case .refused: nil
        }
    }
}

extension ManifestError: Walked {
    static let first = ManifestError.tooLarge(bytes: 1 << 30)

    var next: ManifestError? {
        switch self {
        case .tooLarge: .notUTF8
        case .notUTF8: .malformedJSON(offset: 3, reason: "a comma is lacking")
        case .malformedJSON: .missingField("files")
        case .missingField: .duplicateField("files")
        case .duplicateField: .invalidField("files", reason: "not a list")
        case .invalidField: .wrongFormat("x")
        case .wrongFormat: .unknownHash("md5")
        case .unknownHash: .invalidName("a b")
        case .invalidName: .versionOutOfRange
        case .versionOutOfRange: .invalidTime(field: "created", value: "x")
        case .invalidTime: .invalidChunkSize
        case .invalidChunkSize: .noFiles
        case .noFiles: .negativeSize(path: "a")
        case .negativeSize: .sizeOverflow
        case .sizeOverflow: .chunkCountMismatch(path: "a", expected: 1, found: 2)
        case .chunkCountMismatch: .invalidDigest(path: "a", index: 0)
        case .invalidDigest: .tooManyChunks
        case .tooManyChunks: .invalidPath("..", .dotDot)
        case .invalidPath: .duplicatePath("a")
        case .duplicatePath: .pathInsideFile(path: "a/b", file: "a")
        case .pathInsideFile: .invalidSource("x", .notHTTPS)
        case .invalidSource: .invalidPin("x")
        case .invalidPin: nil
        }
    }
}

extension StatementError: Walked {
    static let first = StatementError.text(.missingField("keys"))

    var next: StatementError? {
        switch self {
        case .text: .key(.notAPublicKey("it is not an Ed25519 key"))
        case .key: .tooManyKeys(65)
        case .tooManyKeys: signer.map { .keyTwice($0) }
        case .keyTwice: .thresholdUnmeetable(3, keys: 2)
        case .thresholdUnmeetable: .noFreshKey
        case .noFreshKey: .expiresMissing
        case .expiresMissing: .otherName(toaster, expected: ManifestName(from: "acme"))
        case .otherName: .skips(version: 4, after: 2)
        case .skips: .lower(version: 1, seen: 2)
        case .lower: .lacksEarlier(version: 3, found: 1, needed: 2)
        case .lacksEarlier: .lacksOwn(version: 3, found: 1, needed: 2)
        case .lacksOwn: .expired(version: 3, at: noon, now: noon)
        case .expired: .notYetMade(created: noon, now: UTCTime(secondsSince1970: 0))
        case .notYetMade: .tooManySteps(1024)
        case .tooManySteps: nil
        }
    }
}

extension StalenessError: Walked {
    static let first = StalenessError.missing(file: "/manifests/toaster.fresh.json")

    var next: StalenessError? {
        switch self {
        case .missing: .text(.missingField("sha256"))
        case .text: .signature(.legacy)
        case .signature(.legacy): signer.map { .signature(.unknownKey($0)) }
        case .signature(.unknownKey(let id)): .signature(.mismatch(id))
        case .signature: .otherName(toaster, expected: ManifestName(from: "router"))
        case .otherName: .otherVersion(8, manifest: 7)
        case .otherVersion: .otherContent(digest, manifest: digest)
        case .otherContent: .statementHeldBack(version: 4, have: 3)
        case .statementHeldBack: .stale(age: 777_600, maximum: 604_800, now: noon)
        case .stale: .expired(at: noon, now: noon)
        case .expired: .notYetMade(created: noon, now: UTCTime(secondsSince1970: 0))
        case .notYetMade: nil
        }
    }
}

extension PublisherError: Walked {
    static let first = PublisherError.nothingThere(path: "p")

    var next: PublisherError? {
        switch self {
        case .nothingThere: .thereAlready(path: "p")
        case .thereAlready: .statement(.thresholdUnmeetable(3, keys: 2), path: "p")
        case .statement(.thresholdUnmeetable, _): .statement(.noFreshKey, path: "p")
        case .statement(.noFreshKey, _): .statement(.expiresMissing, path: "p")
        case .statement(.expiresMissing, _): .statement(.tooManyKeys(65), path: "p")
        case .statement: signer.map { .notItsKey($0) }
        case .notItsKey: .unknownKey("k")
        case .unknownKey: .nothingWaits(path: "p")
        case .nothingWaits: .input(notThere)
        case .input: .output(SystemError(operation: .create, path: "m", code: EACCES))
        case .output: nil
        }
    }
}

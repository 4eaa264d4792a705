import FDLCore
import FDLCrypto
import FDLPublishing
import FDLTrust
import Testing

@Suite("What is told of publisher statements and of freshness: every cause") struct StatementFailureTests {
    private static let anew = "ask the publisher for a new statement, made by fdl-sign publisher"
    private static let other =
        "try another server of the publisher's; the publisher makes that word with fdl-sign refresh"
    private static let behind =
        "the server holds back what is newer, or is behind: try another server of the publisher's"
    private static let clock =
        "the server may be holding back what is newer: try another of the publisher's; if this machine's clock is wrong, "
        + "set it: it says \(noon)"

    @Test func `Statements`() {
        let it = "the publisher statement"
        expect(
            StatementError.self,
            [
                Told(.integrity, "\(it) lacks the field \"keys\"", Self.anew),
                Told(
                    .integrity,
                    "\(it) names a key that is not a minisign public key: it is not an Ed25519 key",
                    Self.anew
                ),
                Told(.integrity, "\(it) names more than 64 keys", Self.anew),
                Told(.integrity, "\(it) names the key 0807060504030201 twice", Self.anew),
                Told(.integrity, "\(it) takes 3 signatures and names 2 keys that sign", Self.anew),
                Told(.integrity, "\(it) wants word that manifests are fresh and names no key for it", Self.anew),
                Told(.integrity, "\(it) wants word that manifests are fresh and does not expire itself", Self.anew),
                Told(.integrity, "\(it) is that of toaster, not of acme", Self.anew),
                Told(
                    .integrity,
                    "\(it) is version 4, and 2 is the one before it",
                    "get version 3 first: they follow each other without a gap"
                ),
                Told(
                    .integrity,
                    "\(it) is version 1, and 2 has been seen",
                    "get the publisher's newest statement; whoever hands out this one may be holding back the newest"
                ),
                Told(
                    .integrity,
                    "\(it) of version 3 is signed by 1 of the keys of the one before, and it takes 2",
                    "ask the publisher; if all the keys of before are lost, a new statement has to be accepted as a new "
                        + "publisher, by fdl-secure trust add"
                ),
                Told(
                    .integrity,
                    "\(it) of version 3 is signed by 1 of its own keys, and it takes 2",
                    "the publisher has to sign it with each new key: fdl-sign publisher sign"
                ),
                Told(
                    .integrity,
                    "\(it) of version 3 expired at \(noon)",
                    "get the publisher's newest statement (fdl-secure trust update); if it has not expired, this machine's "
                        + "clock is wrong: it says \(noon)"
                ),
                Told(
                    .integrity,
                    "\(it) is of \(noon), and this machine's clock says 1970-01-01T00:00:00Z",
                    "set this machine's clock; if that is right, the publisher's was wrong: ask for a new statement"
                ),
                Told(
                    .integrity,
                    "1024 publisher statements follow each other, and there are more",
                    "run the same command again: it goes on where it stopped"
                ),
            ]
        )
    }

    @Test func `Freshness`() {
        let it = "the word that the manifest is the newest"
        let hash = digest.hex
        expect(
            StalenessError.self,
            [
                Told(
                    .integrity,
                    "nothing says that this manifest is still the newest: the server has no /manifests/toaster.fresh.json",
                    Self.other
                ),
                Told(.integrity, "\(it) lacks the field \"sha256\"", Self.other),
                Told(
                    .integrity,
                    "\(it) cannot be believed: the signature is of minisign's old kind, which is not prehashed",
                    Self.other
                ),
                Told(
                    .integrity,
                    "\(it) is signed by the key 0807060504030201, which the publisher has not named for that",
                    Self.other
                ),
                Told(.integrity, "\(it) does not match its signature by the key 0807060504030201", Self.other),
                Told(.integrity, "\(it) is of toaster, and this is router", Self.other),
                Told(.integrity, "version 8 is the newest, and the server gives version 7", Self.behind),
                Told(
                    .integrity,
                    "the newest manifest has the SHA-256 \(hash), and the server gives one with \(hash)",
                    Self.behind
                ),
                Told(
                    .integrity,
                    "the publisher's statement is version 4 by now, and the server gives none after 3",
                    Self.behind
                ),
                Told(.integrity, "\(it) is 9 days old, and the publisher allows 7 days", Self.clock),
                Told(.integrity, "\(it) expired at \(noon)", Self.clock),
                Told(
                    .integrity,
                    "\(it) is of \(noon), and this machine's clock says 1970-01-01T00:00:00Z",
                    "set this machine's clock; if that is right, the server's is wrong: tell the publisher"
                ),
            ]
        )
    }

    @Test func `Making statements`() {
        let it = "p: the publisher statement"
        expect(
            PublisherError.self,
            [
                Told(.usage, "there is no publisher statement in p", "make one with fdl-sign publisher init"),
                Told(
                    .cannotCreate,
                    "there are publisher statements in p already",
                    "change them with fdl-sign publisher add-key, remove-key or sign, or choose another place with -o"
                ),
                Told(
                    .configuration,
                    "\(it) takes 3 signatures and names 2 keys that sign",
                    "lower it with --threshold, or add keys first"
                ),
                Told(
                    .configuration,
                    "\(it) wants word that manifests are fresh and names no key for it",
                    "name a key for it with --fresh-key, or fdl-sign publisher add-key --role fresh"
                ),
                Told(
                    .configuration,
                    "\(it) wants word that manifests are fresh and does not expire itself",
                    "say with --expires how long the statement is valid, for instance 1y"
                ),
                Told(.configuration, "\(it) names more than 64 keys", Self.anew),
                Told(
                    .configuration,
                    "the key 0807060504030201 does not sign for this publisher",
                    "name one that the statement names: fdl-sign publisher add-key adds one"
                ),
                Told(
                    .usage,
                    "the statement names no key k",
                    "give the key's id or its .pub file, as the statement has it"
                ),
                Told(
                    .usage,
                    "no statement in p waits for a signature",
                    "say what the next one is to change: --threshold, --expires or --maximum-age"
                ),
                Told(.usage, "cannot open x: No such file or directory", "check the path"),
                Told(
                    .cannotCreate,
                    "cannot create m: Permission denied",
                    "choose a place that you may write to, with -o"
                ),
            ]
        )
    }
}

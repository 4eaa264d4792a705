import FDLCore
import FDLCrypto
import FDLPublishing
import FDLServer
import FDLTrust
import Glibc
import Testing

@testable import FDLSystem

@Suite("What is told of everything else: every cause") struct OwnFailureTests {
    private static let installation =
        "check the installation of OpenSSL (openssl version -a), which has to know Ed25519"
    private static let again = "fetch the manifest and its .minisig again, both from the publisher"

    private static let cosign =
        "get the publisher's newest manifest; one that is to stay, of a backup for instance, the publisher can sign with "
        + "a key of today by fdl-sign cosign"

    @Test func `Keys`() {
        let make = "make a key with fdl-sign keygen"
        expect(
            KeyError.self,
            [
                Told(
                    .configuration,
                    "the key is not a minisign public key: it has one line",
                    "give a .pub file of fdl-sign keygen or minisign -G, or its second line"
                ),
                Told(
                    .configuration,
                    "the key is a secret key, where a public one belongs",
                    "nobody but its owner should have that: give the .pub file that belongs to it"
                ),
                Told(.configuration, "the key is not a secret key: no start line", make),
                Told(.configuration, "the key holds a key of another kind than Ed25519", make),
                Told(
                    .configuration,
                    "the key is encrypted, and no passphrase was given",
                    "name a file that holds the passphrase with --passphrase-file, or run it at a terminal, where it is "
                        + "asked for"
                ),
                Told(
                    .configuration,
                    "the key does not open with the passphrase given",
                    "check the file given to --passphrase-file: its first line is the passphrase"
                ),
                Told(
                    .configuration,
                    "the key cannot be had from the SSH agent: it holds no Ed25519 key",
                    "start ssh-agent, ssh-add an Ed25519 key, and name it by its comment as ssh-add -l shows it"
                ),
                Told(.configuration, "the key cannot be used: cannot sign: out of memory", Self.installation),
            ]
        )
        #expect(KeyError.passphraseMissing.failure(path: "p.key").message.hasPrefix("p.key is encrypted"))
    }

    @Test func `The key ring`() {
        expect(
            KeyRingError.self,
            [
                Told(.configuration, "cannot open x: No such file or directory", "check the path"),
                Told(UserDirectoryError(variable: "XDG_CONFIG_HOME", reason: .noHome).failure),
                Told(KeyError.passphraseMissing.failure(path: "p.key")),
                Told(
                    .usage,
                    "\"a b\" cannot be a label",
                    "use up to 64 of A-Z a-z 0-9 . _ -, no dot first"
                ),
                Told(
                    .usage,
                    "another key is trusted as \"a\" already",
                    "choose another label, or remove that key first with fdl-secure trust remove a"
                ),
                Told(
                    .usage,
                    "no trusted publisher has the label or the key id \"a\"",
                    "fdl-secure trust list shows them"
                ),
                Told(.configuration, "p has no passphrase in its first line", "write one there"),
                Told(
                    .configuration,
                    "there is a public key without its secret key: p.pub",
                    "put the secret key back as p.key or name it with --key; for a new one move the .pub away first"
                ),
                Told(
                    .usage,
                    "\"a/b\" is no pattern for names",
                    "a pattern has A-Z a-z 0-9 . _ - and * ? [ ], such as 'acme-*'; quote it for the shell"
                ),
                Told(
                    .configuration,
                    "acme.for does not say which names the key is accepted for",
                    "remove the publisher with fdl-secure trust remove, and add it again"
                ),
                Told(
                    .configuration,
                    "acme.publisher.json cannot be accepted: the publisher statement wants word that manifests are fresh "
                        + "and names no key for it",
                    "ask the publisher for a new statement, made by fdl-sign publisher"
                ),
                Told(
                    .configuration,
                    "what is kept of a publisher's statements is damaged: /s/a/2.json: the publisher statement wants word "
                        + "that manifests are fresh and names no key for it",
                    "restore it from a backup, or remove /s/a: fdl-secure trust update fetches the statements again"
                ),
                Told(
                    .usage,
                    "this publisher is accepted as \"acme\" already",
                    "use that label, or remove it first with fdl-secure trust remove acme"
                ),
            ]
        )
    }

    @Test func `Directories`() {
        let way = "set XDG_STATE_HOME to the absolute path of a directory that outlives this run"
        expect(
            UserDirectoryError.self,
            [
                Told(
                    .configuration,
                    "there is no home directory: HOME is not set, and the account has none",
                    way
                ),
                Told(.configuration, "the home directory is /, which is nobody's own", way),
                Told(.configuration, "there is no home directory: /h is no directory", way),
                Told(.configuration, "HOME is \"h\", which is not an absolute path", way),
                Told(.usage, "HOME is \"/\\xe9\", which is not UTF-8", way + " and whose name is UTF-8"),
            ]
        )
    }

    @Test func `Signatures`() {
        expect(
            SignatureError.self,
            [
                Told(.integrity, "the signature is not in minisign's format: it has three lines", Self.again),
                Told(
                    .integrity,
                    "the signature is of minisign's old kind, which is not prehashed",
                    "ask the publisher to sign with minisign -S of version 0.10 or later, without -l"
                ),
                Told(
                    .integrity,
                    "the signature is by the key 0807060504030201, which is not among the trusted publishers",
                    "if that key is the publisher's, name it with --publisher-key, or for good with fdl-secure trust add"
                ),
                Told(
                    .integrity,
                    "the signature by the key 0807060504030201 does not match the manifest: one of them was changed, or "
                        + "is of another file",
                    Self.again
                ),
                Told(
                    .integrity,
                    "the trusted comment of the signature by the key 0807060504030201 was changed",
                    Self.again
                ),
                Told(.integrity, "cannot sign: out of memory", Self.installation),
            ]
        )
    }

    @Test func `Verification and freshness`() {
        expect(
            VerificationError.self,
            [
                Told(.usage, "cannot open x: No such file or directory", "check the path"),
                Told(
                    .integrity,
                    "the manifest has no signature: there is no m.minisig",
                    "get the .minisig from the publisher and put it beside the manifest"
                ),
                Told(SignatureError.legacy.failure),
                Told(
                    .integrity,
                    "the signature is by the key 0807060504030201, which is none of those named",
                    "ask the publisher which key is right: that of --publisher-key, or 0807060504030201"
                ),
                Told(ManifestError.noFiles.failure),
                Told(
                    .integrity,
                    "router was asked for, and this is the signed manifest of toaster",
                    "its server may be passing one product off as another: ask the publisher; "
                        + "if toaster is what you want, say --name toaster"
                ),
                Told(
                    .integrity,
                    "1 of the keys of acme has signed the manifest, and it takes 2",
                    "get the further signatures (NAME.KEYID.minisig) too; if there are none, the publisher has to add "
                        + "them with fdl-sign cosign"
                ),
                Told(
                    .integrity,
                    "the signature is by the key 0807060504030201, which acme uses no longer, and not for this version",
                    Self.cosign
                ),
                Told(
                    .integrity,
                    "the signature is by the key 0807060504030201, which acme has removed",
                    Self.cosign
                ),
                Told(
                    .integrity,
                    "acme is accepted for router, fw-*, and this is the manifest of toaster",
                    "ask whose acme is; fdl-secure trust add with --for says for which names it is accepted"
                ),
                Told(
                    .integrity,
                    "the manifest of toaster is signed by acme, and so far toaster was followed from emca",
                    "ask the publisher you know; if acme is whom you want, name it with --publisher or "
                        + "--publisher-key, or for good with fdl-secure trust forget toaster"
                ),
                Told(StalenessError.missing(file: "/manifests/toaster.fresh.json").failure),
            ]
        )
        let newest = "get the publisher's newest manifest; "
        expect(
            FreshnessError.self,
            [
                Told(
                    .integrity,
                    "the manifest expired at \(noon)",
                    newest + "if it has not expired, this machine's clock is wrong: it says \(noon)"
                ),
                Told(
                    .integrity,
                    "the manifest is of \(noon), and this machine's clock says 1970-01-01T00:00:00Z",
                    "set this machine's clock; if that is right, the publisher's was wrong: ask for a new manifest"
                ),
                Told(
                    .integrity,
                    "the manifest is version 7, older than version 8, which was accepted before",
                    newest + "if it is this one, the publisher's clock went back, and it must be signed again with a "
                        + "--version above 8; if version 8 was never the publisher's, fdl-secure trust forget toaster "
                        + "is the way back"
                ),
                Told(
                    .integrity,
                    "there are two manifests of version 7: this one has the SHA-256 \(digest.hex), and the one that was "
                        + "accepted before has \(digest.hex)",
                    "ask the publisher which digest is right, and for a manifest of a new version; then fdl-secure trust "
                        + "forget toaster is the way back"
                ),
            ]
        )
    }

    @Test func `What was seen`() {
        let without = "go on with --no-state, which turns the protection from older versions off"
        expect(
            StateError.self,
            [
                Told(
                    .configuration,
                    "there is no home directory: HOME is not set, and the account has none",
                    "set XDG_STATE_HOME to the absolute path of a directory that outlives this run, or \(without)"
                ),
                Told(
                    .configuration,
                    "cannot open x: No such file or directory",
                    "what was seen is kept in /s/fdl: make it readable and writable, set XDG_STATE_HOME to another "
                        + "directory, or \(without)"
                ),
                Told(
                    .configuration,
                    "the note of what was seen of n is damaged: /s/fdl/seen/k/n",
                    "restore it from a backup; without one, fdl-secure trust forget n takes it away, and the next version "
                        + "that is accepted counts as the first"
                ),
            ]
        )
    }

    @Test func `Manifests`() {
        let ask = "ask the publisher for a new manifest, made by fdl-sign manifest"
        let larger = "ask the publisher for a manifest with larger chunks (fdl-sign manifest --chunk-size)"
        let fetch = "fetch the manifest again; if it stays so, ask the publisher for a new one"
        let newer = "use a newer fdl, or ask the publisher for a manifest of the format fdl-manifest-v1"
        let hints =
            [larger, fetch, fetch] + Array(repeating: ask, count: 3) + [newer, newer]
            + Array(repeating: ask, count: 9) + [larger] + Array(repeating: ask, count: 5)
        expect(
            ManifestError.self,
            zip(ManifestError.all, hints).map { error, hint in Told(.integrity, "\(error)", hint) }
        )
        #expect(hints.count == ManifestError.all.count)
    }

    @Test func `Confinement`() {
        expect(
            ConfinementError.self,
            [
                Told(
                    .configuration,
                    "there is no user fdl",
                    "make the account (adduser --system --group fdl), or name another with --user"
                ),
                Told(
                    .configuration,
                    "there is no group tls",
                    "make the group (addgroup --system tls), or name another with --user NAME:GROUP"
                ),
                Told(
                    .configuration,
                    "only root may become fdl",
                    "start it as fdl and leave --user out, or start it as root"
                ),
                Told(
                    .configuration,
                    "this process may not become fdl: Operation not permitted",
                    "give the container CAP_SETUID and CAP_SETGID, or have it start the program as fdl"
                ),
                Told(
                    .configuration,
                    "after it became fdl, the process could still become root",
                    "start it as fdl and leave --user out"
                ),
                Told(
                    .configuration,
                    "cannot put Landlock's rules in force: Argument list too long",
                    "check the path and the disk it is on, then run the same command again"
                ),
            ]
        )
    }

    @Test func `Workers`() {
        expect(
            WorkerError.self,
            [
                Told(
                    .configuration,
                    "the directory to serve cannot be read: cannot open x: No such file or directory",
                    "give a directory that this user may read with --root"
                ),
                Told(TLSError.keyFileMissing(path: "c.key").failure),
                Told(
                    .configuration,
                    "cannot listen on [::]:8443: the port is in use",
                    "stop what holds it, or choose another with --listen HOST:PORT"
                ),
                Told(
                    .configuration,
                    "cannot listen on [::]:8443: permission denied",
                    "a policy of this machine (SELinux, AppArmor) forbids it: allow the port there, or choose another with "
                        + "--listen HOST:PORT"
                ),
                Told(
                    .configuration,
                    "cannot listen on [::]:443: permission denied",
                    "ports below 1024 are root's: start it as root with --user NAME, let systemd listen "
                        + "(fdl-secure-server.socket), or choose a higher one with --listen HOST:PORT"
                ),
                Told(
                    .configuration,
                    "cannot listen on [::]:8443: Cannot assign requested address",
                    "choose an address of this machine with --listen HOST:PORT"
                ),
                Told(
                    .configuration,
                    "cannot listen on [::]:8443: the name has no address",
                    "choose an address of this machine with --listen HOST:PORT"
                ),
                Told(
                    .configuration,
                    "cannot listen on [::]:8443 for metrics: Address already in use",
                    "choose a free address of this machine with --metrics-listen HOST:PORT"
                ),
                Told(
                    .configuration,
                    "cannot listen on [::]:8443 for metrics: the name has no address",
                    "choose a free address of this machine with --metrics-listen HOST:PORT"
                ),
                Told(
                    .configuration,
                    "cannot listen on the descriptor 3: Invalid argument",
                    "have the service manager's socket unit listen with ListenStream=PORT"
                ),
                Told(
                    .localIO,
                    "cannot start 9 threads: Resource temporarily unavailable",
                    "raise the limit of threads (ulimit -u, or the container's)"
                ),
                Told(.localIO, "the server stopped: it fell over", "look at its log, then start it again"),
            ]
        )
    }
}

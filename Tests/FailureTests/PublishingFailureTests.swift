import FDLCore
import FDLPublishing
import FDLSystem
import Glibc
import Testing

@Suite("What a publisher is told: every cause") struct PublishingFailureTests {
    @Test func `Publishing`() {
        let parts = "this needs more than \(Manifest.maximumChunks) chunks, or a manifest over 64 MiB"
        let larger = "choose a larger --chunk-size, or publish it in parts"
        expect(
            PublishingError.self,
            [
                Told(.usage, "cannot open x: No such file or directory", "check the path"),
                Told(.usage, "x is neither a regular file nor a folder", "copy its content to a file"),
                Told(.usage, "there is no regular file in x", "put what is to be published there"),
                Told(
                    .localIO,
                    "\"a\\b\" cannot be published: it has a backslash",
                    "rename it or move it away"
                ),
                Told(.localIO, "\"caf?\" cannot be published: its name is not UTF-8", "rename it"),
                Told(.localIO, "x changed while it was read", "run again when nothing writes to it"),
                Told(
                    .localIO,
                    "x has bytes, though its size is 0",
                    "copy them to an ordinary file and publish that"
                ),
                Told(.interrupted, "interrupted", "run the same command again"),
                Told(.usage, parts, larger),
                Told(.usage, parts, larger),
                Told(
                    .usage,
                    "the manifest lists no files",
                    "see fdl-sign manifest --help for what a manifest may say"
                ),
                Told(
                    .configuration,
                    "cannot sign: out of memory",
                    "check the key with openssl pkey -in KEY -noout -text_pub"
                ),
                Told(
                    .cannotCreate,
                    "cannot create m: Permission denied",
                    "choose a place that you may write to, with -o"
                ),
                Told(.cannotCreate, "m is what is to be published", "give another file's name with -o"),
                Told(
                    .cannotCreate,
                    "m is there already and is neither a manifest nor a signature",
                    "move it away, or give another file's name with -o"
                ),
                Told(
                    .usage,
                    "this machine's clock is wrong: it says \(noon), and this would be version 9",
                    "set the clock; --ahead signs in spite of it"
                ),
                Told(
                    .usage,
                    "the earlier manifest is version 8, and 9 would be more than a day ahead of the clock, which says "
                        + "\(noon)",
                    "check the clock; if readers have seen 8, sign with --ahead from now on; if none has, move that "
                        + "manifest away"
                ),
                Told(
                    .usage,
                    "version 9 is more than a day ahead of the clock, which says \(noon): readers who have seen it "
                        + "refuse the versions that the clock gives",
                    "leave --version out, or check the clock; --ahead signs it all the same"
                ),
                Told(
                    .usage,
                    "version 6 is lower than 7, the earlier manifest's: readers who have seen that refuse it",
                    "leave --version out, or give one above 7; if no reader has seen 7, move that manifest away"
                ),
                Told(
                    .usage,
                    "the earlier manifest has the highest version there is, \(Manifest.allowedVersions.upperBound)",
                    "publish it under another --name; if no reader has seen that version, move the manifest away"
                ),
            ]
        )
    }
}

@Suite("What is told of a tree that is not published: every cause") struct TreeFailureTests {
    @Test func `Exports`() {
        expect(
            ExportError.self,
            [
                Told(
                    .usage,
                    "the manifest does not have the digest of each whole file",
                    "sign with --file-digest, or name the file or folder with --from"
                ),
                Told(
                    .usage,
                    "XML cannot express the path x",
                    "export it as sha256sums, or rename it"
                ),
                Told(.usage, "there are too many digests of pieces to list", "sign with --file-digest"),
            ]
        )
    }

    @Test func `Trees`() {
        let what = "it is what the manifest lists"
        let signed =
            "bring back what was signed, or sign what is there now with fdl-sign manifest; nothing is published"
        let at = "say with --at URL where each directory will be served, or sign with a --source for each"
        expect(
            TreeError.self,
            [
                Told(.usage, "cannot open x: No such file or directory", "check the path"),
                Told(.usage, "x is not there, or is no file: \(what)", "name the file with --from"),
                Told(.usage, "x is not there, or is no folder: \(what)", "name the folder with --from"),
                Told(
                    .integrity,
                    "x is not what the manifest lists: it differs at byte 65536 or soon after",
                    signed
                ),
                Told(.integrity, "x is not what the manifest lists: it has another size", signed),
                Told(
                    .cannotCreate,
                    "cannot create d: Permission denied",
                    "choose a directory that you may write to"
                ),
                Told(
                    .cannotCreate,
                    "cannot write d: No space left on device",
                    "make room there, then run the same command again: what is there is kept"
                ),
                Told(
                    .cannotCreate,
                    "another fdl-sign publish is at work in d",
                    "run the same command again when that has ended"
                ),
                Told(.usage, "d and e are one directory", "give each server a directory of its own"),
                Told(
                    .usage,
                    "https://a/ stands for two directories",
                    "give each directory a URL of its own with --at"
                ),
                Told(.usage, "there are 3 directories, and the manifest names one worker", at),
                Told(.usage, "there are 3 directories, and the manifest names 0 workers", at),
                Told(
                    .usage,
                    "version 7 is older than 8, which is published in d",
                    "sign it again: readers who have seen 8 refuse what is older"
                ),
                Told(
                    .usage,
                    "d/files/x belongs to toaster, which is published there too",
                    "publish with --no-files, or into another directory"
                ),
                Told(
                    .localIO,
                    "d/x cannot be understood: it is not as fdl-sign publish wrote it",
                    "put it back as it was, or remove it"
                ),
                Told(.usage, "nothing is published in d", "check the path, or publish into it first"),
                Told(.localIO, "there is not enough memory to compress", "leave --precompress out"),
                Told(.interrupted, "interrupted", "run the same command again"),
            ]
        )
    }
}

@Suite("What is told of a system call: every errno that has a hint, for every purpose") struct SystemFailureTests {
    typealias Purpose = SystemError.Purpose

    /// A hint, and the errnos that it is for.
    private static let rows: [(codes: [Int32], hint: String)] = [
        ([ENOSPC, EDQUOT], "make room there, then run the same command again: what is there is kept"),
        ([EACCES, EPERM], "check the permissions of the path and of the directories above it"),
        ([EROFS], "choose a place that is not mounted read-only"),
        ([ENOENT, ENOTDIR], "check the path"),
        ([EMFILE, ENFILE], "raise the limit of open files (ulimit -n)"),
        ([EPIPE], "what reads the output has ended: let it read to the end, or give a file's name with -o"),
        ([EILSEQ], "this file system cannot hold such a name: choose a place on another one"),
        (
            [EIO, ENODATA, EREMOTEIO, ENOLINK, EUCLEAN],
            "the disk may be failing: look at the kernel's log, then run the same command again"
        ),
        ([EISDIR], "name a file: this is a directory"),
        ([EEXIST, ENOTEMPTY], "move it away, or choose another name"),
        ([EFBIG], "it is larger than such a file may be here: check that it is the one meant"),
        ([ENAMETOOLONG], "choose a shorter name"),
        ([EBADF], "it was closed before the program began: leave it open, or give a file's name with -o"),
        ([ELOOP], "name the file itself: there is a symbolic link in the way"),
        ([EINVAL, EOPNOTSUPP], "this file system cannot do it: choose a place on another one"),
        ([EBADMSG], "the file is damaged: restore it, or remove it"),
        ([ETXTBSY, EBUSY], "something is using it: try again when that has ended"),
        (
            [ENOMEM],
            "close what takes the memory, or raise the limit (ulimit -v), then run the same command again"
        ),
        ([EAGAIN], "raise the limit of threads (ulimit -u, or the container's)"),
        ([9999, ENXIO], "check the path and the disk it is on, then run the same command again"),
    ]

    @Test(arguments: Purpose.allCases) func `Opening`(purpose: Purpose) {
        for (codes, hint) in Self.rows {
            for code in codes {
                let failure = SystemError(operation: .open, path: "x", code: code).failure(for: purpose)
                let isForbidden = [EACCES, EPERM, EROFS].contains(code)
                let expected =
                    purpose == .output && isForbidden ? "choose a place that you may write to, with -o" : hint
                let isThere = code != ENOENT && code != ENOTDIR
                let exitCode: ExitCode =
                    switch purpose {
                    case .work: .localIO
                    case .input: isThere ? .localIO : .usage
                    case .output: .cannotCreate
                    case .settings: .configuration
                    }
                #expect(Told(failure) == Told(exitCode, "cannot open x: \(SystemError.text(code))", expected))
            }
        }
    }

    @Test func `The same errno of another call`() {
        let name = SystemError(operation: .find, path: "x", code: EILSEQ)
        for purpose in Purpose.allCases {
            #expect(name.failure(for: purpose).exitCode == .usage)
            #expect(name.failure(for: purpose).hint == "run it where every directory's name is UTF-8")
        }
        let bytes = SystemError(operation: .read, path: "x", code: EILSEQ)
        #expect(bytes.failure.hint?.hasPrefix("the disk may be failing") == true)
        #expect(bytes.isOfReading && SystemError(operation: .seek, code: EIO).isOfReading)
        #expect(!name.isOfReading && !SystemError(operation: .other("read"), code: EIO).isOfReading)
    }

    @Test func `An error whose type was lost`() {
        struct Unknown: Error {}
        let known: any Error = SystemError(operation: .write, code: ENOSPC)
        #expect(Failure(of: known) == SystemError(operation: .write, code: ENOSPC).failure)
        #expect(Failure(of: CancellationError()) == .interrupted)
        #expect(Failure(of: Unknown()).exitCode == .localIO)
        #expect(Failure(of: Unknown()).hint != nil)
        #expect(throws: Failure.interrupted) { try explaining { () throws(Failure) in throw .interrupted } }
    }
}

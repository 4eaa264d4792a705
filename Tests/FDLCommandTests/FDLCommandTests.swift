import FDLCore
import Glibc
import TestSupport
import Testing

@testable import FDLCommand

@Suite struct ByteCountTests {
    @Test(
        arguments: [
            ("0", 0), ("17", 17), ("500K", 512_000), ("10M", 10_485_760), ("1.5G", 1_610_612_736), ("1MiB", 1_048_576),
            ("2kb/s", 2048),
        ] as [(String, Int64)]
    )
    func reads(text: String, bytes: Int64) {
        #expect(ByteCount(argument: text)?.bytes == bytes)
    }

    @Test(arguments: ["", "K", "-1", "1e5", "1x", "9999999999G", "1.2.3", "nan"])
    func refuses(text: String) {
        #expect(ByteCount(argument: text) == nil)
    }

    @Test(
        arguments: [
            (0, "0 B"), (999, "999 B"), (1 << 20, "1 MiB"), (1536 << 10, "1.5 MiB"), (1000, "1 KiB"),
        ] as [(Int64, String)]
    )
    func writes(bytes: Int64, text: String) {
        #expect(ByteCount.text(bytes) == text)
    }
}

@Suite struct ProgramTests {
    @Test func reportIsALineEach() {
        #expect(Failure(.noSource, "no source").report == "error: no source\n")
        #expect(Failure(.tls, "bad", hint: "renew it").report == "error: bad\nhint: renew it\n")
    }

    @Test func aWrongCommandLineIsOneLineAndAHint() {
        let failure = Program.usageFailure("Unknown option '--x'\nDid you mean '--y'?", "", "fdl-sign")
        #expect(failure.report == "error: Unknown option '--x' Did you mean '--y'?\nhint: see fdl-sign --help\n")
        #expect(failure.exitCode == .usage)
        #expect(
            Failure(.usage, "a \"b\"").event.description
                == #"{"event":"error","code":64,"message":"a \"b\"","hint":null}"#
        )
    }

    @Test func theHintNamesTheSubcommandAndWhatAnArgumentMayBe() {
        let full = """
            Error: The value '3' is invalid for '--chunk-size <size>'
            Help:  --chunk-size <size>  A power of two from 64KiB
                                        to 16MiB.
            Usage: fdl-sign manifest [<options>] <path>
              See 'fdl-sign manifest --help' for more information.
            """
        #expect(
            Program.usageFailure("The value '3' is invalid", full, "fdl-sign").hint
                == "--chunk-size <size> A power of two from 64KiB to 16MiB. (see fdl-sign manifest --help)"
        )
    }

    /// The pipe holds less than the text and does not block, so that every kind of short write happens.
    @Test func everythingIsWrittenThroughANarrowPipe() async throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        #expect(fcntl(writing, F_SETFL, O_NONBLOCK) == 0)
        let text = String(repeating: "0123456789", count: 50_000)
        async let written: Void = onOwnThread {
            StandardStream(writing).writeLine(text)
            close(writing)
        }
        let bytes = try await onOwnThread {
            var bytes: [UInt8] = []
            var block = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = read(reading, &block, block.count)
                // A child of another test that ends interrupts it.
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return bytes }
                bytes += block[..<count]
            }
        }
        try await written
        #expect(bytes == Array((text + "\n").utf8))
        close(reading)
    }
}

@Suite struct ArgumentsTests {
    @Test(arguments: [
        ("Unexpected argument 'https://me:a b@h/'", ["x", "https://me:a b@h/"], "Unexpected argument 'https://…@h/'"),
        ("The value 'me:pw@h' is invalid for '--n'", ["--n=me:pw@h"], "The value '…@h' is invalid for '--n'"),
        ("cannot open h/x?k=v: no", ["h/x?k=v"], "cannot open h/x?…: no"),
        ("cannot open me:a b@h: no", ["me:a\tb@h"], "cannot open …@h: no"),
        ("cannot look at https:/me:pw@h: no", ["https:/me:pw@h//x"], "cannot look at …@h: no"),
        ("no \"pw@h\" here", ["https://me:a/pw@h"], "no \"…@h\" here"),
        ("https://h:1/@s/: refused", ["https://h:1/@s/"], "https://h:1/@s/: refused"),
    ])
    func aMessageHasNoSecretOfTheCommandLine(message: String, arguments: [String], shown: String) {
        #expect(Arguments.withoutSecrets(message, arguments) == shown)
    }
}

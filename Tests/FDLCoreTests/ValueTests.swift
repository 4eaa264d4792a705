import FDLCore
import Testing

@Suite struct SHA256DigestTests {
    static let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test func hexAndBytesAreTheSameDigest() throws {
        let digest = try #require(SHA256Digest(hex: Self.text))
        #expect(digest.hex == Self.text)
        #expect(digest.description == Self.text)
        #expect(digest.bytes.count == SHA256Digest.byteCount)
        #expect(digest.bytes.prefix(3) == [0xe3, 0xb0, 0xc4])
        #expect(digest.bytes.withUnsafeBytes { SHA256Digest(bytes: $0) } == digest)
        #expect(Set([digest, digest]).count == 1)
    }

    @Test func eachByteCounts() throws {
        let digest = try #require(SHA256Digest(hex: Self.text))
        for index in 0..<SHA256Digest.byteCount {
            var bytes = digest.bytes
            bytes[index] ^= 1
            #expect(bytes.withUnsafeBytes { SHA256Digest(bytes: $0) } != digest)
        }
    }

    private static let beginning = String(text.dropLast())
    private static let rest = String(text.dropFirst())

    @Test(arguments: [
        "", beginning, "\(text)0", text.uppercased(), "g\(rest)", " \(rest)", "\(beginning)/", "\(beginning):",
        "\(beginning)`",
    ])
    func refusesOtherSpellings(hex: String) {
        #expect(SHA256Digest(hex: hex) == nil)
    }

    @Test(arguments: [0, 31, 33])
    func refusesOtherLengths(count: Int) {
        #expect([UInt8](repeating: 0, count: count).withUnsafeBytes { SHA256Digest(bytes: $0) } == nil)
    }

    @Test func hexWritesEveryByte() {
        #expect(Hex.string([UInt8]()) == "")
        #expect(Hex.string([0x00, 0x09, 0x0a, 0x0f, 0x10, 0x9f, 0xa0, 0xff] as [UInt8]) == "00090a0f109fa0ff")
    }
}

@Suite struct SafePathTests {
    @Test(
        arguments: ["a", "a/b", "a/b/c.txt", "...", "..a", "a..", ".hidden", "a b", "é/😀", "-", "~", "a.fdl-part2/b"]
    )
    func accepts(path: String) throws {
        #expect(try SafePath(path).string == path)
    }

    @Test(arguments: [
        ("", SafePathError.empty), ("/", .absolute), ("/a", .absolute), ("a//b", .emptyPart), ("a/", .emptyPart),
        (".", .dot), ("./a", .dot), ("a/.", .dot), ("a/./b", .dot),
        ("..", .dotDot), ("../a", .dotDot), ("a/..", .dotDot), ("a/../b", .dotDot),
        ("a\0b", .controlCharacter), ("a\nb", .controlCharacter), ("a\u{7f}", .controlCharacter),
        ("a\u{85}", .controlCharacter), ("a\u{1b}[2J", .controlCharacter), ("a\\b", .backslash),
        (String(repeating: "a", count: 256), .partTooLong), (String(repeating: "é", count: 128), .partTooLong),
        (String(repeating: "a/", count: 1536) + "b", .tooLong),
        ("a.fdl-part", .reservedSuffix(".fdl-part")), ("a/b.manifest.json", .reservedSuffix(".manifest.json")),
        ("a.manifest.json.minisig", .reservedSuffix(".manifest.json.minisig")),
        ("a.fdl-part/b", .reservedSuffix(".fdl-part")), ("a/b.manifest.json/c", .reservedSuffix(".manifest.json")),
        ("a.fdl-part/\u{301}b", .reservedSuffix(".fdl-part")),
    ])
    func refuses(path: String, error: SafePathError) {
        #expect(throws: error) { try SafePath(path) }
    }

    @Test func longestIsAccepted() throws {
        #expect(try SafePath(String(repeating: "a", count: 255)).parts.count == 1)
        #expect(try SafePath(String(repeating: "é", count: 127)).string.utf8.count == 254)
        #expect(try SafePath(String(repeating: "a/", count: 1535) + "bb").string.utf8.count == SafePath.maximumBytes)
    }

    @Test func partsAreOutermostFirst() throws {
        #expect(try SafePath("a/b/c").parts == ["a", "b", "c"])
    }

    /// A slash and a combining mark are one `Character`, which is no slash.
    @Test func aSlashIsAByte() throws {
        #expect(try SafePath("a/\u{301}b").parts == ["a", "\u{301}b"])
        #expect(splitLast("a/\u{301}b") == ("a", "\u{301}b"))
        #expect(pathParts("/\u{301}a//b/") == ["\u{301}a", "b"])
    }

    @Test func splitsAtTheLastSlash() {
        #expect(splitLast("a") == (nil, "a"))
        #expect(splitLast("/a") == ("", "a"))
        #expect(splitLast("a/b/c") == ("a/b", "c"))
        #expect(splitLast("a/") == ("a", ""))
        #expect(pathParts("") == [])
    }
}

@Suite struct ChunkSizeTests {
    @Test func onlyPowersOfTwoWithinTheBounds() {
        #expect(ChunkSize(bytes: 64 << 10)?.bytes == 65536)
        #expect(ChunkSize(bytes: 16 << 20)?.bytes == 16_777_216)
        for bytes in [Int.min, -65536, 0, 1, 32 << 10, 65535, 65537, 96 << 10, 32 << 20, .max] {
            #expect(ChunkSize(bytes: bytes) == nil)
        }
    }

    @Test func growsWithTheTotal() {
        let gibibyte = Int64(1) << 30
        #expect(ChunkSize.standard(totalBytes: 0).bytes == 1 << 20)
        #expect(ChunkSize.standard(totalBytes: 64 * gibibyte).bytes == 1 << 20)
        #expect(ChunkSize.standard(totalBytes: 64 * gibibyte + 1).bytes == 2 << 20)
        #expect(ChunkSize.standard(totalBytes: 128 * gibibyte + 1).bytes == 4 << 20)
        #expect(ChunkSize.standard(totalBytes: .max).bytes == 4 << 20)
    }

    @Test func countsChunks() throws {
        let size = try #require(ChunkSize(bytes: 65536))
        for (bytes, count) in [(0, 0), (1, 1), (65535, 1), (65536, 1), (65537, 2), (131_072, 2)] as [(Int64, Int64)] {
            #expect(size.chunkCount(fileSize: bytes) == count)
        }
        #expect(size.chunkCount(fileSize: .max) == 1 << 47)
        #expect(size.chunkCount(fileSize: -1) == 0)
    }
}

@Suite struct SourceURLTests {
    @Test(arguments: [
        ("https://a.example", "a.example", 443, "/", "https://a.example/"),
        ("HTTPS://A.Example:443/Pub", "a.example", 443, "/Pub/", "https://a.example/Pub/"),
        ("https://a:8443/x/", "a", 8443, "/x/", "https://a:8443/x/"),
        ("https://[::1]:1/%20", "::1", 1, "/%20/", "https://[::1]:1/%20/"),
        ("https://[FE80::1]/", "fe80::1", 443, "/", "https://[fe80::1]/"),
        ("https://192.0.2.1:65535", "192.0.2.1", 65535, "/", "https://192.0.2.1:65535/"),
    ])
    func reads(text: String, host: String, port: Int, path: String, written: String) throws {
        let url = try SourceURL(text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.path == path)
        #expect(url.description == written)
        #expect(try SourceURL(written) == url)
    }

    @Test(arguments: [
        ("", SourceURLError.notHTTPS), ("http://a/", .notHTTPS), ("https:/a", .notHTTPS), ("ftp://a", .notHTTPS),
        ("https://a b/", .invalidCharacter), ("https://a/\n", .invalidCharacter), ("https://é/", .invalidCharacter),
        ("https://a\\b/", .invalidCharacter), ("https:///", .invalidHost), ("https://:1/", .invalidHost),
        ("https://a%41/", .invalidHost), ("https://[::1", .invalidHost), ("https://[::1]x", .invalidHost),
        ("https://[abc]/", .invalidHost), ("https://[::g]/", .invalidHost),
        ("https://" + String(repeating: "a", count: 254), .invalidHost),
        ("https://a:/", .invalidPort), ("https://a:0/", .invalidPort), ("https://a:65536/", .invalidPort),
        ("https://a:+80/", .invalidPort), ("https://a:8 0", .invalidCharacter), ("https://a:000080/", .invalidPort),
        ("https://u@a/", .userinfo), ("https://u:p@a/", .userinfo), ("https://a/?q", .query),
        ("https://a/#f", .fragment),
    ])
    func refuses(text: String, error: SourceURLError) {
        #expect(throws: error) { try SourceURL(text) }
    }
}

@Suite struct UTCTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:01Z", 1), ("1969-12-31T23:59:59Z", -1),
        ("2000-02-29T12:00:00Z", 951_825_600), ("2026-11-22T10:00:00Z", 1_795_341_600),
        ("2038-01-19T03:14:08Z", 2_147_483_648), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ("0001-01-01T00:00:00Z", -62_135_596_800),
    ])
    func readsAndWrites(text: String, seconds: Int64) throws {
        #expect(UTCTime(text) == UTCTime(secondsSince1970: seconds))
        #expect(UTCTime(secondsSince1970: seconds).description == text)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22T10:00:00+00:00", "2026-11-22t10:00:00z",
        "2026-11-22 10:00:00Z", "2026-11-22T10:00:00.0Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T-1:00:00Z", "+026-01-01T00:00:00Z",
    ])
    func refuses(text: String) {
        #expect(UTCTime(text) == nil)
    }

    @Test func everyDayOfFourCenturiesComesBack() {
        var previous: UTCTime?
        for day in Int64(-146_097)...146_097 where day % 7 == 0 || abs(day) < 800 {
            let time = UTCTime(secondsSince1970: day * 86400 + 86399)
            #expect(UTCTime(time.description) == time)
            if let previous { #expect(previous < time) }
            previous = time
        }
    }
}

@Suite struct FailureTests {
    @Test func noControlCharacterReachesTheTerminal() {
        let failure = Failure(.integrity, "a\u{1b}[2Jb\nc\r\u{9b}d", hint: "e\0f")
        #expect(failure.message == "a\u{fffd}[2Jb\u{fffd}c\u{fffd}\u{fffd}d")
        #expect(failure.hint == "e\u{fffd}f")
    }

    @Test func exitCodesAreThoseOfSysexits() {
        let codes: [ExitCode] = [
            .done, .usage, .integrity, .noSource, .cannotCreate, .localIO, .interrupted, .tls, .configuration,
        ]
        #expect(codes.map(\.rawValue) == [0, 64, 65, 69, 73, 74, 75, 77, 78])
    }
}

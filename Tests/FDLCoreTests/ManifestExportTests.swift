import FDLCrypto
import TestSupport
import Testing

@testable import FDLCore

@Suite struct ManifestExportTests {
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @Test func `a name is escaped as sha256sum does it`() throws {
        let digest = try #require(SHA256Digest(hex: Self.empty))
        for (name, line) in [
            ("a b", "\(Self.empty)  a b\n"), ("a\\b", "\\\(Self.empty)  a\\\\b\n"),
            ("a\nb\r", "\\\(Self.empty)  a\\nb\\r\n"), ("ü", "\(Self.empty)  ü\n"),
        ] {
            #expect(ManifestExport.checksumLine(digest, name) == line)
        }
    }

    @Test func `whole digests: given, of one chunk, of none, made`() throws {
        let long = noise(70_000)
        let manifest = try Manifest.sample("album", [("a", [1, 2]), ("b", []), ("c", long)])
        #expect(throws: ExportError.digestUnknown(file: 2)) { try ManifestExport(manifest).checksums() }
        let text = try ManifestExport(manifest, digests: [2: SHA256Digest(hashing: long)]).checksums()
        #expect(
            text == """
                \(SHA256Digest(hashing: [1, 2]))  album/a
                \(Self.empty)  album/b
                \(SHA256Digest(hashing: long))  album/c

                """
        )
    }

    @Test func `Metalink: mirrors in order, pieces of a single file`() throws {
        let bytes = noise(70_000)
        let plain = try Manifest.sample("x", [("x & y", bytes)])
        let manifest = try Manifest(
            name: plain.name,
            version: 3,
            created: UTCTime(secondsSince1970: 0),
            chunkSize: plain.chunkSize,
            files: plain.files,
            digests: plain.digests,
            sources: [
                .init(kind: .mirror, url: SourceURL("https://m.example/pub")),
                .init(kind: .worker, url: SourceURL("https://w.example/")),
                .init(kind: .mirror, url: SourceURL("https://first.example/")),
            ]
        )
        let text = try ManifestExport(manifest).metalink(filesAt: ["https://first.example/"])
        #expect(
            text == """
                <?xml version="1.0" encoding="UTF-8"?>
                <metalink xmlns="urn:ietf:params:xml:ns:metalink">
                  <generator>fdl/\(Product.version)</generator>
                  <published>1970-01-01T00:00:00Z</published>
                  <file name="x &amp; y">
                    <size>70000</size>
                    <version>3</version>
                    <pieces length="65536" type="sha-256">
                      <hash>\(plain.digests[0])</hash>
                      <hash>\(plain.digests[1])</hash>
                    </pieces>
                    <url priority="1">https://first.example/x%20%26%20y</url>
                    <url priority="2">https://m.example/pub/x%20%26%20y</url>
                    <url priority="3">https://w.example/files/x%20%26%20y</url>
                  </file>
                </metalink>

                """
        )
        #expect(throws: ExportError.tooManyPieces) { try ManifestExport(manifest).metalink(filesAt: [], mostPieces: 1) }
        let known = ManifestExport(manifest, digests: [0: SHA256Digest(hashing: bytes)])
        let short = try known.metalink(filesAt: [], mostPieces: 1)
        #expect(short.contains("<hash type=\"sha-256\">") && !short.contains("<pieces"))
    }

    @Test func `a folder: no pieces where the whole digest is known`() throws {
        let manifest = try Manifest.sample("album", [("a", noise(9)), ("b/c", noise(70_000))])
        let text = try ManifestExport(manifest, digests: [1: manifest.digests[1]]).metalink(filesAt: ["https://h/f/"])
        #expect(!text.contains("<pieces"))
        #expect(text.contains("<file name=\"album/b/c\">"))
        #expect(text.contains("<url priority=\"1\">https://h/f/b/c</url>"))
        // Without any digest nobody could check it.
        #expect(try ManifestExport(manifest).metalink(filesAt: []).contains("<pieces"))
    }

    @Test func `what XML has no way to write`() throws {
        #expect(ManifestExport.escaped("a<\"'>&\t") == "a&lt;&quot;&apos;&gt;&amp;&#9;")
        for bad in ["\u{1}", "\u{fffe}", "\u{ffff}"] { #expect(ManifestExport.escaped("a" + bad) == nil) }
        let manifest = try Manifest.sample("x", [("\u{fffe}", [1])])
        #expect(throws: ExportError.notInXML(path: "\u{fffe}")) { try ManifestExport(manifest).metalink(filesAt: []) }
    }
}

import FDLCore
import Testing
import TestSupport

@Suite struct ManifestCodecTests {
    @Test func readsEveryField() throws {
        let manifest = try ManifestSamples.parse(ManifestSamples.text())
        #expect(manifest.name.string == "ubuntu.iso")
        #expect(manifest.version == 1_795_341_600)
        #expect(manifest.created.description == "2026-11-22T10:00:00Z")
        #expect(manifest.expires?.description == "2027-11-22T10:00:00Z")
        #expect(manifest.chunkSize.bytes == 65536)
        #expect(manifest.files.map(\.path.string) == ["ubuntu.iso", "empty"])
        #expect(manifest.files.map(\.size) == [65537, 0])
        #expect(manifest.digests.map(\.hex) == [ManifestSamples.digestA, ManifestSamples.digestB])
        #expect(manifest.sources.map(\.url.description) == ["https://a.example:8443/"])
        #expect(manifest.trust == Manifest.Trust(certificateAuthority: nil, pins: [ManifestSamples.pin]))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func encodingReadsBackEqual(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let manifest = try ManifestSamples.random(using: &random)
        let text = manifest.encoded()
        #expect(try Manifest(parsing: text) == manifest)
        #expect(manifest.encoded() == text)
    }

    @Test func encodingHasALineAFile() throws {
        let text = String(decoding: try ManifestSamples.parse(ManifestSamples.text()).encoded(), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.first == "{" && lines.last == "}")
        #expect(lines.contains("  \"format\": \"fdl-manifest-v1\","))
        #expect(lines.count { $0.contains("\"path\"") } == 2)
    }

    @Test func fieldsComeInAnyOrder() throws {
        let members = ManifestSamples.fields.map { "\"\($0.name)\": \($0.value)" }
        let expected = try ManifestSamples.parse(ManifestSamples.text())
        #expect(try ManifestSamples.parse("{" + members.reversed().joined(separator: ",") + "}") == expected)
        let file =
            "[{\"chunks\": [\"\(ManifestSamples.digestA)\"], \"executable\": true, \"size\": 5, \"path\": \"p\"}]"
        #expect(try ManifestSamples.parse(ManifestSamples.text("files", file)).files[0].isExecutable)
    }

    @Test func unknownFieldsArePassedOver() throws {
        let extra = "{\"later\": [1.5e3, -0, null, true, {\"a\": {}, \"b\": []}, \"\\u00e9\"], \"x\": false, "
        let text = extra + ManifestSamples.text().dropFirst()
        #expect(try ManifestSamples.parse(text) == ManifestSamples.parse(ManifestSamples.text()))
    }

    @Test func sourcesOfAnUnknownKindArePassedOver() throws {
        let sources = """
            [{"kind": "later", "url": "later:x?y#z"}, {"url": "https://r.example/v2/a/", "kind": "oci"}]
            """
        let manifest = try ManifestSamples.parse(ManifestSamples.text("sources", sources))
        #expect(manifest.sources.map(\.kind) == [.oci])
        #expect(manifest.sources.map(\.url.description) == ["https://r.example/v2/a/"])
    }

    @Test func escapesMeanTheirCharacters() throws {
        let file = ManifestSamples.file(path: "a\\u0020\\\"\\ud83d\\ude00\\/\\u00E9", size: "0", chunks: [])
        let manifest = try ManifestSamples.parse(ManifestSamples.text("files", "[\(file)]"))
        #expect(manifest.files[0].path.string == "a \"😀/é")
        let escapedDigest = "\\u0061" + String(repeating: "a", count: 63)
        let digested = ManifestSamples.file(size: "1", chunks: [escapedDigest])
        #expect(
            try ManifestSamples.parse(ManifestSamples.text("files", "[\(digested)]")).digests[0].hex
                == ManifestSamples.digestA
        )
    }

    @Test func aFlippedBitNeverCrashes() throws {
        let text = Array(ManifestSamples.text().utf8)
        var refused = 0
        for index in text.indices {
            for bit in 0..<8 {
                var changed = text
                changed[index] ^= 1 << UInt8(bit)
                do { _ = try Manifest(parsing: changed) } catch { refused += 1 }
            }
        }
        #expect(refused > text.count * 4)
    }

    @Test func everyTruncationIsRefused() {
        let text = Array(ManifestSamples.text().utf8)
        for length in 0..<text.count {
            #expect(throws: ManifestError.self) { try Manifest(parsing: Array(text[..<length])) }
        }
    }

    @Test func randomBytesNeverCrash() {
        var random = SeededGenerator(seed: 7)
        let alphabet = Array("{}[]\",:\\u0189afntre.-+ \u{c3}".utf8)
        for _ in 0..<20000 {
            let length = Int.random(in: 0...40, using: &random)
            let text = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            #expect(throws: ManifestError.self) { try Manifest(parsing: text) }
        }
    }

    @Test func asManyChunksAsTheFormatAllowsFitItsBytes() throws {
        let count = Manifest.maximumChunks
        let marker = "\"marker\""
        let file = "{\"path\": \"p\", \"size\": \(count * 65536), \"executable\": false, \"chunks\": [\(marker)]}"
        let parts = ManifestSamples.text("files", "[\(file)]").split(separator: marker)
        var text = Array(parts[0].utf8)
        let digest = Array("\"\(ManifestSamples.digestB)\", ".utf8)
        for _ in 1..<count { text += digest }
        text += digest.dropLast(2) + Array(parts[1].utf8)
        #expect(text.count > 64 << 20)
        #expect(try Manifest(parsing: text).digests.count == count)
    }
}

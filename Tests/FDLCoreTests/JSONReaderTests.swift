import FDLCore
import Testing

/// The grammar, through the one door it has.
@Suite struct JSONReaderTests {
    /// Values of an unknown field: their grammar is checked all the same.
    @Test(arguments: [
        "01", "-", "1.", ".5", "1e", "+1", "tru", "nul", "'a'", "\"\\x\"", "\"\\u12g4\"", "\"\\ud800\"",
        "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "\"\n\"", "[1,]", "[1 2]", "{\"a\" 1}", "{a: 1}",
        "{\"a\": 1,}", "", "[", "\"", "NaN", "Infinity", "0x10", "/* */ 1",
    ])
    func refusesGrammar(_ value: String) {
        let text = "{\"unknown\": \(value), " + ManifestSamples.text().dropFirst()
        let error = #expect(throws: ManifestError.self) { try ManifestSamples.parse(text) }
        guard case .malformedJSON = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["0", "-0", "1.5", "1E+2", "1e-2", "\"\\b\\f\\n\\r\\t\\/\"", "[ ]", "{ }", "[\t1\r,\n2 ]"])
    func acceptsGrammar(_ value: String) throws {
        _ = try ManifestSamples.parse("{\"unknown\": \(value), " + ManifestSamples.text().dropFirst())
    }

    @Test func refusesWhatFollowsAndWhatPrecedes() {
        for text in [
            ManifestSamples.text() + "x", ManifestSamples.text() + "{}", "\u{feff}" + ManifestSamples.text(), "[]", "1",
        ] {
            #expect(throws: ManifestError.self) { try ManifestSamples.parse(text) }
        }
    }

    @Test func refusesInvalidUTF8() {
        for bad in [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc3]] as [[UInt8]] {
            let text =
                Array("{\"unknown\": \"".utf8) + bad + Array("\", ".utf8) + ManifestSamples.text().utf8.dropFirst()
            #expect(throws: ManifestError.notUTF8) { try Manifest(parsing: text) }
        }
    }

    @Test func refusesNamesSeenTwice() {
        let twice = "{\"version\": 1, " + ManifestSamples.text().dropFirst()
        #expect(throws: ManifestError.duplicateField("version")) { try ManifestSamples.parse(twice) }
        let nested = "{\"unknown\": {\"a\": 1, \"\\u0061\": 2}, " + ManifestSamples.text().dropFirst()
        #expect(throws: ManifestError.duplicateField("a")) { try ManifestSamples.parse(nested) }
        let many = (0..<40).map { "\"f\($0)\": 0" } + ["\"f39\": 1"]
        #expect(throws: ManifestError.duplicateField("f39")) {
            try ManifestSamples.parse("{" + many.joined(separator: ",") + "}")
        }
    }

    @Test func boundsNesting() throws {
        func nested(_ depth: Int) -> String {
            "{\"unknown\": " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + ", "
                + ManifestSamples.text().dropFirst()
        }
        _ = try ManifestSamples.parse(nested(31))
        #expect(throws: ManifestError.self) { try ManifestSamples.parse(nested(32)) }
        #expect(throws: ManifestError.self) { try ManifestSamples.parse(nested(100_000)) }
    }

    @Test func base64IsStrict() {
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("foobar".utf8)) == "Zm9vYmFy")
        #expect(Base64.encode(Array("fooba".utf8)) == "Zm9vYmE=")
        for bad in ["A", "AA", "AAA", "A===", "====", "AB==", "AAB=", "AA=A", "A A=", "AAAA\n", "AA-_"] {
            #expect(Base64.decode(bad) == nil, "\(bad)")
        }
    }
}

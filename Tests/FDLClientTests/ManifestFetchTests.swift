import FDLCore
import Testing

@testable import FDLClient

@Suite struct ManifestFetchTests {
    @Test func theNameIsWhatStandsBehindTheLastSlash() throws {
        let (directory, name) = try ManifestFetch.split("https://a.example:8443/manifests/n.json")
        #expect(directory.description == "https://a.example:8443/manifests/")
        #expect(name == "n.json")
    }

    /// The name goes into the request line: nothing in it may end that.
    @Test(arguments: ["n.json HTTP/1.0", "n\r\nHost: b", "n\u{301}", "\u{301}n", "n#f", ""])
    func whatCannotStandInARequestLineIsRefused(name: String) {
        let failure = #expect(throws: Failure.self) { try ManifestFetch.split("https://a.example/manifests/\(name)") }
        #expect(failure?.exitCode == .usage)
    }

    @Test func aNotTooLongEchoOfAnAddressThatIsNotHTTPS() {
        let url = "http://a.example/" + String(repeating: "x", count: 5000)
        let failure = #expect(throws: Failure.self) { try ManifestFetch.split(url) }
        #expect(failure?.message.contains("it does not begin with https://") == true)
        #expect((failure?.message.count ?? .max) < 400)
    }
}

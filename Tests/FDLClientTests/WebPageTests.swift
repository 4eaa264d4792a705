import FDLCore
import NIOHTTP1
import Testing

@testable import FDLClient

@Suite("Web pages where bytes were due") struct WebPageTests {
    private static let html: HTTPHeaders = ["Content-Type": "text/html; charset=utf-8", "Content-Length": "60"]
    private static let json: HTTPHeaders = ["Content-Type": "application/json"]

    private func isPage(_ text: String, _ headers: HTTPHeaders = [:]) -> Bool {
        WebPage.isPage(Array(text.utf8), headers)
    }

    @Test(arguments: ["<!doctype html><html>", "\r\n\t <HTML>", "\u{feff}<html>", "<?xml version=\"1.0\"?><html>"])
    func `markup is a page whatever it is called`(text: String) {
        for headers in [[:], Self.json, Self.html] { #expect(isPage(text, headers)) }
    }

    @Test func `what is labelled as a page is one unless it begins as what was due`() {
        #expect(isPage("Please log in", Self.html))
        #expect(isPage("Please log in", ["content-type": "Application/XHTML+xml"]))
        #expect(!isPage("Please log in", Self.json))
        #expect(!isPage(" {\"format\": 1}", Self.html))
        #expect(!isPage("untrusted comment: x\n", Self.html))
        #expect(!isPage("", Self.html))
        #expect(!isPage("  ", Self.html))
    }

    @Test func `an answer that does not fit is a page if it says so`() {
        func cause(_ status: HTTPResponseStatus, _ headers: HTTPHeaders, _ error: SourceError) -> SourceError {
            WebPage.cause(error, of: HTTPResponseHead(version: .http1_1, status: status, headers: headers))
        }
        let length = SourceError.protocolViolation("Content-Length 60 instead of 1000")
        #expect(cause(.ok, Self.html, length) == .webPage(bytes: 60))
        #expect(cause(.ok, ["Content-Type": "text/html"], length) == .webPage(bytes: nil))
        #expect(cause(.ok, Self.json, length) == length)
        #expect(cause(.badRequest, Self.html, length) == length)
        #expect(cause(.ok, Self.html, .lacking) == .lacking)
    }
}

import FDLCore
import Testing

@testable import FDLClient

extension ManifestSearchError: Walked {
    static let tree: SourceURL = {
        guard let url = try? SourceURL("https://a.example/pub/") else { preconditionFailure("a URL") }
        return url
    }()

    static let first = ManifestSearchError.noIndex(tree)

    var next: ManifestSearchError? {
        switch self {
        case .noIndex(let tree): .malformedIndex(tree)
        case .malformedIndex(let tree): .empty(tree)
        case .empty(let tree): .unlisted("x/y", in: tree)
        case .unlisted(_, let tree): .unnamed("n", in: tree)
        case .unnamed(_, let tree): .several(["https://a.example/1", "https://a.example/2"], in: tree)
        case .several(_, let tree):
            ManifestName("n").map { .notInManifest(ManifestCandidate(tree: tree, name: $0, path: "x/y")) }
        case .notInManifest: nil
        }
    }
}

@Suite("What is told of a manifest that is not found") struct ManifestSearchFailureTests {
    @Test func `Every cause`() {
        let give =
            "give the URL of a manifest, which looks like https://a.example/pub/manifests/NAME.json, or a manifest file "
            + "on this machine"
        let look = "look at https://a.example/pub/ for what it serves"
        expect(
            ManifestSearchError.self,
            [
                Told(
                    .noSource,
                    "https://a.example/pub/ does not say which manifests it has: there is no manifests/index.json",
                    give
                ),
                Told(.noSource, "https://a.example/pub/manifests/index.json is not an index of manifests", give),
                Told(.noSource, "https://a.example/pub/ has no manifest", "ask the publisher where the manifest is"),
                Told(.noSource, "no manifest of https://a.example/pub/ lists x/y", look),
                Told(.noSource, "no manifest of https://a.example/pub/ that may be meant is named n", look),
                Told(
                    .usage,
                    "https://a.example/pub/ has 2 manifests that may be meant: https://a.example/1, https://a.example/2",
                    "give one of these URLs instead, or the manifest's name with --name"
                ),
                Told(.noSource, "the signed manifest of n does not list x/y", look),
            ]
        )
    }

    @Test func `A long list is cut`() {
        let urls = (1...12).map { "https://a.example/\($0)" }
        let message = ManifestSearchError.several(urls, in: ManifestSearchError.tree).failure.message
        #expect(message.hasSuffix("https://a.example/10 and 2 more"))
    }

    @Test func `What could not be fetched is named`() {
        let cause = SourceError.webPage(bytes: 60)
        for (document, name) in [
            (.manifest, "the manifest"), (.signature, "the manifest's signature"), (.index, "the index of manifests"),
        ] as [(ManifestFetchError.Document, String)] {
            let error = ManifestFetchError(
                cause: cause,
                url: ManifestSearchError.tree,
                path: "/x",
                context: SourceContext(.manifest(authority: "a.example")),
                document: document
            )
            #expect(error.failure.message == "cannot fetch \(name) from a.example: sent a web page of 60 bytes")
        }
    }
}

// What FDLPublishing's article shows, so that it is compiled.
import FDLPublishing

func publishing() async throws {
    let publication = try await Publication(signing: "pub/big.iso")
    print("give readers \(publication.publisherKey)")
    try await publication.publish(into: "/srv/www/fdl")
}

func releasing() async throws -> Publication {
    var options = PublicationOptions()
    options.keyPath = "release.key"
    options.recipe.name = ManifestName("app")
    options.recipe.sources = [Manifest.Source(kind: .worker, url: try SourceURL("https://worker.example/"))]
    let release = try await Publication(signing: "dist", options: options)
    return release
}

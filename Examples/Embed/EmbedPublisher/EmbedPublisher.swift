import FDLPublishing

/// Signs a file or a folder with the user's own key, and publishes it for servers of static files.
///
///     EmbedPublisher PATH [DIRECTORY]
///
/// Without a directory a worker can serve it from where it lies.
@main
struct EmbedPublisher {
    static func main() async {
        let arguments = CommandLine.arguments
        guard (2...3).contains(arguments.count) else { return print("usage: EmbedPublisher PATH [DIRECTORY]") }
        do {
            let publication = try await Publication(signing: arguments[1])
            print("signed \(publication.manifest.name) version \(publication.manifest.version)")
            print("give readers \(publication.publisherKey)")
            if arguments.count == 3 { try await publication.publish(into: arguments[2]) }
        } catch {
            print("error: \(error)")
        }
    }
}

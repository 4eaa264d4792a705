import FDLCore
import NIOCore
import NIOHTTP1

extension FrontPage {
    /// Answers a request for `/`, whatever its query.
    /// - Parameter trust: see `PageCommands`.
    static func answer(to request: HTTPRequestHead, _ publications: [Publication], trust: String?) -> Answer {
        let wanted = PageRequest(target: request.uri)
        let commands = PageCommands(site: site(host: request.headers.first(name: "host")), trust: trust)
        if let list = wanted.list {
            let publication = publications.first { $0.manifest.name == wanted.name }
            guard let text = publication.flatMap({ PageLists.text(list, of: $0.published, site: commands.site) }) else {
                return .refusal(.notFound)
            }
            let type = "text/plain; charset=utf-8"
            let body = Answer.Body.bytes(ByteBuffer(string: text))
            return Answer(.ok, headers: ["Content-Type": type, "Cache-Control": "no-cache"], body: body)
        }
        let page = FrontPage(
            selection: PageSelection(of: publications, for: wanted),
            request: wanted,
            commands: commands
        )
        return Answer(
            .ok,
            headers: [
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": PageStyle.contentSecurityPolicy,
                "Referrer-Policy": "no-referrer",
                "Cache-Control": "no-cache",
            ],
            body: .bytes(ByteBuffer(string: page.html))
        )
    }
}

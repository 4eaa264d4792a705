/// Carries requests to one repository of a registry, with what lets them in. Whoever publishes into a registry is given
/// one, and so needs no HTTP of its own.
package protocol RegistryTransport: Sendable {
    var repository: Repository { get }

    /// May be called by several tasks at once.
    /// - Returns: the response, whatever its status, if it is no challenge.
    /// - Throws: `SourceError` if there is none, or no token that the registry takes.
    func send(_ request: RegistryRequest) async throws(SourceError) -> RegistryResponse
}

/// One request to a registry.
package struct RegistryRequest: Sendable {
    package enum Method: String, Sendable {
        case head = "HEAD"
        case get = "GET"
        case post = "POST"
        case put = "PUT"
    }

    package let method: Method
    package let target: TargetURL
    /// A media type: of the body for `.put`, that is accepted for `.get`; nil for neither.
    package let type: String?
    package let body: [UInt8]

    package init(_ method: Method, _ target: TargetURL, type: String? = nil, body: [UInt8] = []) {
        self.method = method
        self.target = target
        self.type = type
        self.body = body
    }
}

/// What a registry answers.
package struct RegistryResponse: Sendable {
    package let status: Int
    /// Of the field `Location`.
    package let location: String?
    /// In seconds, of the field `Retry-After`.
    package let retryAfter: Int?
    /// Cut at `RegistryResponse.maximumBytes`.
    package let body: [UInt8]
    /// Whether it is a page of HTML.
    package let isWebPage: Bool

    /// In bytes: as long as registries let an image's manifest be.
    package static let maximumBytes = 4 << 20

    package init(status: Int, location: String?, retryAfter: Int? = nil, body: [UInt8] = [], isWebPage: Bool = false) {
        self.status = status
        self.location = location
        self.retryAfter = retryAfter
        self.body = body
        self.isWebPage = isWebPage
    }
}

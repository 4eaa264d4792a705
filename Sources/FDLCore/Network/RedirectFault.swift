/// Why a redirect (RFC 9110 section 15.4) is not followed.
public enum RedirectFault: Error, Hashable, Sendable {
    /// It leads to `http`: what is asked there, everybody on the way could read and change.
    case plainHTTP
    /// It leads to something that is not on the web.
    case scheme(String)
    /// It leads to an address that is none.
    case address(SourceURLError)
    /// It does not say where to.
    case noLocation
    /// It leads to where it has led before.
    case loop
    /// It leads on and on: more than `Journey.longest` steps.
    case tooMany
    /// A status from 300 to 399 that says neither where to go nor that there is a redirect.
    case status(Int)
}

extension RedirectFault {
    /// The most redirects in a row that are followed.
    package static let most = 5
}

extension RedirectFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .plainHTTP: "redirects to http, which is not encrypted and not followed"
        case .scheme(let scheme): "redirects to \(scheme):, which is not followed"
        case .address(let error): "redirects to an address that cannot be used: \(error)"
        case .noLocation: "redirects without saying where to"
        case .loop: "redirects in a circle"
        case .tooMany: "redirects more than \(Self.most) times in a row"
        case .status(let code): "answered \(code), which leads nowhere"
        }
    }
}

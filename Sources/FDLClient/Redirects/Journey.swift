import FDLCore
import NIOHTTP1

/// The way of one request: from the source that was asked, along its redirects.
struct Journey: Hashable, Sendable {
    /// The address at the source, then each that a redirect led to.
    private(set) var stops: [TargetURL]
    /// Whether the first step is one remembered from an earlier request rather than just answered.
    let isRemembered: Bool

    /// Before the first step.
    init(from start: TargetURL) {
        stops = [start]
        isRemembered = false
    }

    /// With the step that an earlier request for the same file was led.
    init(from start: TargetURL, remembering target: TargetURL) {
        stops = [start, target]
        isRemembered = true
    }

    /// Where it has led so far.
    var here: TargetURL { stops[stops.count - 1] }

    /// Takes the next step.
    /// - Throws: `RedirectFault` if it is not to be taken.
    mutating func follow(_ redirection: Redirection) throws(RedirectFault) {
        guard let location = redirection.location else { throw .noLocation }
        let next = try here.resolving(location)
        guard !stops.contains(next) else { throw .loop }
        guard stops.count <= RedirectFault.most else { throw .tooMany }
        stops.append(next)
    }
}

/// An answer that says that what was asked for is elsewhere.
struct Redirection: Hashable, Sendable {
    /// What its Location field says.
    let location: String?

    /// - Returns: nil where the status is none of the five that lead elsewhere.
    init?(_ head: HTTPResponseHead) {
        switch head.status.code {
        case 301, 302, 303, 307, 308: location = head.headers.first(name: "Location")
        default: return nil
        }
    }
}

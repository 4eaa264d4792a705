/// Identifies a connection that the plan has asked for. It is never reused.
package struct ConnectionID: Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }
}

/// Identifies a request that the plan has asked for. It is never reused.
package struct RequestID: Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }
}

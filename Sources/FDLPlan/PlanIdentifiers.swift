/// A connection the plan has asked for. Never used twice.
package struct ConnectionID: Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }
}

/// A request the plan has asked for. Never used twice.
package struct RequestID: Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }
}

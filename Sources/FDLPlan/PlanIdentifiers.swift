/// A connection the plan has asked for. Never used twice.
public struct ConnectionID: Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }
}

/// A request the plan has asked for. Never used twice.
public struct RequestID: Hashable, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }
}

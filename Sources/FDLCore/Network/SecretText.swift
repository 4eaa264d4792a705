/// A secret text: a query, a password, the value of a header field. Printing it, or a value that contains it, shows `…`.
public struct SecretText: Hashable, Sendable {
    /// The text itself, for the request that it goes into.
    package let revealed: String

    public init(_ text: String) { revealed = text }
}

extension SecretText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "…" }
    public var debugDescription: String { "…" }
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

/// A text that goes to one origin and is shown to nobody: a query, a password, the value of a header field. Printed, it
/// is `…`, as is each value that holds one.
public struct SecretText: Hashable, Sendable {
    /// What goes over the connection.
    package let revealed: String

    public init(_ text: String) { revealed = text }
}

extension SecretText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "…" }
    public var debugDescription: String { "…" }
    public var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}

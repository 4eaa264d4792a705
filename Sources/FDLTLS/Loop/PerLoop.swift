package import NIOCore
import Synchronization

/// What the connections of one event loop share, for all the loops that it is used on.
package final class PerLoop<Value>: Sendable {
    private let values = Mutex<[ObjectIdentifier: NIOLoopBound<Value>]>([:])
    private let make: @Sendable () -> Value

    /// - Parameter make: makes a loop's own.
    package init(_ make: @escaping @Sendable () -> Value) {
        self.make = make
    }

    /// The value of the event loop that this is called on.
    package func value(on eventLoop: any EventLoop) -> Value {
        values.withLock { values in
            if let bound = values[ObjectIdentifier(eventLoop)] { return bound }
            // The bound value keeps its event loop alive, so that no other can take over its identity.
            let bound = NIOLoopBound(make(), eventLoop: eventLoop)
            values[ObjectIdentifier(eventLoop)] = bound
            return bound
        }.value
    }
}

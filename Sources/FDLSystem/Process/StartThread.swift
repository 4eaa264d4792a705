// For pthread_attr_t, which the compiler takes to be declared in one of CLinux's headers.
import CLinux
import Glibc

/// Runs `body` on a thread of its own.
/// - Parameter stackBytes: the default is enough for a few lines of text, and small, since memory may be limited.
/// - Returns: false if the system gives none.
package func startThread(stackBytes: Int = 512 << 10, _ body: @escaping @Sendable () -> Void) -> Bool {
    final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    let work = Unmanaged.passRetained(Work(body))
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(&attributes, stackBytes)
    var thread = pthread_t()
    let code = pthread_create(
        &thread,
        &attributes,
        { work in
            if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
            return nil
        },
        work.toOpaque()
    )
    if code != 0 { work.release() }
    return code == 0
}

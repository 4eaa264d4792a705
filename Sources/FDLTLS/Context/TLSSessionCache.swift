import COpenSSL
import Synchronization

/// The sessions a client can resume: the newest few of each server (host and port), for the servers used most recently.
///
/// A session belongs to the `TLSContext` it was made with, so several contexts may share a cache: none resumes a
/// session that another has verified.
package final class TLSSessionCache: Sendable {
    /// Sessions kept for one server. A TLS 1.3 session serves once, and every connection brings one or two new ones.
    static let sessionsPerServer = 8

    struct Key: Hashable, Sendable {
        let context: UInt64
        let host: String
        let port: Int
    }

    private struct Server {
        var sessions: [TLSSession]
        var lastUse: UInt64
    }

    private struct State {
        var servers: [Key: Server] = [:]
        var uses: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: the number of servers whose sessions are kept; beyond it the least recently used goes.
    package init(capacity: Int = 64) {
        self.capacity = max(1, capacity)
    }

    /// The number of sessions held.
    package var count: Int {
        state.withLock { $0.servers.values.reduce(0) { $0 + $1.sessions.count } }
    }

    func store(_ session: TLSSession, for key: Key) {
        state.withLock { state in
            state.uses += 1
            var server = state.servers[key] ?? Server(sessions: [], lastUse: 0)
            if server.sessions.count == Self.sessionsPerServer { server.sessions.removeFirst() }
            server.sessions.append(session)
            server.lastUse = state.uses
            state.servers[key] = server
            if state.servers.count > capacity,
                let oldest = state.servers.min(by: { $0.value.lastUse < $1.value.lastUse })
            {
                state.servers[oldest.key] = nil
            }
        }
    }

    /// The newest session. A session of TLS 1.3 leaves the cache, because a ticket used twice would show that two
    /// connections are of the same client (RFC 8446 appendix C.4).
    func session(for key: Key) -> TLSSession? {
        state.withLock { state in
            state.uses += 1
            guard var server = state.servers[key], let session = server.sessions.last else { return nil }
            server.lastUse = state.uses
            if session.isSingleUse { server.sessions.removeLast() }
            state.servers[key] = server.sessions.isEmpty ? nil : server
            return session
        }
    }
}

/// A session that can be resumed.
///
/// Sendable by OpenSSL's own rules: `SSL_SESSION` is reference counted with atomics and not changed once it is
/// established, and OpenSSL's own cache shares one object between connections on many threads.
final class TLSSession: @unchecked Sendable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        SSL_SESSION_free(pointer)
    }

    var isSingleUse: Bool { SSL_SESSION_get_protocol_version(pointer) >= TLS1_3_VERSION }
}

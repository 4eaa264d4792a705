import FDLCore
import FDLPlan
import NIOCore

/// Lets the requests of one connection to a registry out: with a token if it wants one, and none before it is known
/// whether it does. Confined to the connection's event loop.
final class LoginGate {
    /// How often a request is sent. A registry that still wants another token never takes one.
    private static let mostAttempts = 3

    private let login: RegistryLogin
    private let writer: RequestWriter
    private let sink: FetchSink
    private let loop: any EventLoop
    /// The connection to the registry.
    weak var home: FetchHandler?
    private var held: [ChunkRequest] = []
    /// The request whose answer shows whether a token is needed.
    private var asking: RequestID?
    /// The pass that the registry is known to take.
    private var proven: RegistryEntry.Pass?

    init(_ login: RegistryLogin, writer: RequestWriter, sink: FetchSink, loop: any EventLoop) {
        self.login = login
        self.writer = writer
        self.sink = sink
        self.loop = loop
    }

    /// - Returns: whether there still was a connection.
    func dispatch(_ request: ChunkRequest) -> Bool {
        let bound = NIOLoopBound(self, eventLoop: loop)
        switch login.permit(wake: { [loop] error in loop.execute { bound.value.resume(error) } }) {
        case .go(let pass): return home?.send(writer.request(request, bearing: pass)) == true
        case .ask:
            guard home?.send(writer.request(request, bearing: .none)) == true else {
                login.leftUnknown()
                return false
            }
            asking = request.id
        case .wait: held.append(request)
        case .refused(let error): fail(request, error)
        }
        return true
    }

    /// The registry has begun to answer a request by something else than a challenge.
    func letIn(_ request: ChunkRequest) {
        if asking == request.id { asking = nil }
        guard let pass = request.pass, pass != proven else { return }
        proven = pass
        login.letIn(with: pass)
    }

    /// Takes a request that was answered by a challenge.
    func challenged(_ request: ChunkRequest, by challenge: AuthenticationChallenge) {
        if asking == request.id { asking = nil }
        if let error = login.challenged(request.pass ?? .none, by: challenge) { return fail(request, error) }
        guard request.attempts < Self.mostAttempts else { return fail(request, login.refusal) }
        home?.dispatch(request)
        home?.flush()
    }

    /// A request that is no longer wanted was answered by a challenge: it goes no further.
    func dropped(_ id: RequestID) {
        guard asking == id else { return }
        asking = nil
        login.leftUnknown()
    }

    func cancel(_ id: RequestID) { held.removeAll { $0.id == id } }

    /// The connection is gone.
    func homeEnded() {
        guard asking != nil else { return }
        asking = nil
        login.leftUnknown()
    }

    func close() { held = [] }

    /// - Parameter error: why nothing that is held can be asked.
    private func resume(_ error: SourceError?) {
        let requests = held
        held = []
        if let error {
            for request in requests { fail(request, error) }
            return
        }
        for request in requests { home?.dispatch(request) }
        home?.flush()
    }

    private func fail(_ request: ChunkRequest, _ error: SourceError) {
        sink.post([.failed(request.id, chunk: request.firstChunk, error)])
    }
}

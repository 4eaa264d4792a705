import FDLCore
import FDLPlan
import NIOCore

/// Follows the redirects of one connection to a source. It keeps a connection of its own, a link, to each origin that
/// they lead to, on which requests are pipelined like any others. Confined to the connection's event loop.
///
/// The plan knows nothing of links: what goes wrong on one is the source's fault, and told with where it led.
final class RedirectFollower {
    /// Opens a connection to an origin for a link.
    typealias Opening = (Origin, Link, RedirectFollower) -> EventLoopFuture<SourceConnector.Connected>

    /// A connection to where redirects lead, and the requests that it has or will get, in order.
    final class Link {
        let origin: Origin
        fileprivate var connection: FetchConnection?
        fileprivate var requests: [ChunkRequest] = []
        /// It has answered something since it was opened.
        fileprivate var hasServed = false

        fileprivate init(_ origin: Origin) {
            self.origin = origin
        }

        /// Writes requests; before there is a connection they wait for it.
        fileprivate func send(_ requests: [ChunkRequest]) {
            guard let handler = connection?.handler.value else { return }
            for request in requests { handler.send(request) }
            handler.flush()
        }
    }

    /// The most links at a time, and to one origin; other requests wait.
    private static let most = 8
    private static let mostToClosing = 4

    private let writer: RequestWriter
    private let signposts: Signposts
    private let sink: FetchSink
    private let loop: any EventLoop
    private let open: Opening
    /// What lets requests to a registry out; nil for other sources.
    let gate: LoginGate?
    /// The connection to the source itself.
    weak var home: FetchHandler? {
        didSet { gate?.home = home }
    }
    private var links: [Link] = []
    /// Requests for which there is no room for a link.
    private var waiting: [ChunkRequest] = []
    /// Requests held back until another for the same file has been answered.
    private var held: [ChunkRequest] = []
    /// The files of the requests whose answer shows whether the source leads elsewhere for them.
    private var asking: [RequestID: Int] = [:]
    /// Origins that close the connection behind an answer: what else was asked on it is lost, so they are asked one
    /// request a connection, on several at once.
    private var closing: Set<Origin> = []
    /// Called when the last request has been answered.
    private var whenIdle: (() -> Void)?

    init(
        writer: RequestWriter,
        signposts: Signposts,
        sink: FetchSink,
        loop: any EventLoop,
        open: @escaping Opening
    ) {
        self.writer = writer
        self.signposts = signposts
        self.sink = sink
        self.loop = loop
        self.open = open
        gate = writer.registry.map { LoginGate($0, writer: writer, sink: sink, loop: loop) }
    }

    /// Whether some request is still to be answered elsewhere.
    var isBusy: Bool { !waiting.isEmpty || links.contains { !$0.requests.isEmpty } }

    /// - Parameter action: called once, when no request is left. Not if the links are closed before.
    func whenIdle(_ action: @escaping () -> Void) { whenIdle = action }

    /// Drops all requests, without a word of them.
    func close() {
        whenIdle = nil
        waiting = []
        held = []
        gate?.close()
        homeEnded()
        let open = links
        links = []
        for link in open { link.connection?.close() }
    }

    // MARK: Requests

    /// Sends a request of the plan: to where an earlier one for the same file was led, else to the source itself. While
    /// it is being asked where a file is, the others for that file are held back, so that it is asked once.
    /// - Returns: whether there still was a connection to send it on.
    func dispatch(_ request: ChunkRequest) -> Bool {
        if let gate { return gate.dispatch(request) }
        guard let file = writer.file(of: request) else { return home?.send(request) == true }
        let bound = NIOLoopBound(self, eventLoop: loop)
        switch signposts.look(file, wake: { [loop] in loop.execute { bound.value.resume() } }) {
        case .target(let target):
            send(writer.request(request, along: Journey(from: writer.start(of: request), remembering: target)))
        case .source: return home?.send(request) == true
        case .unknown:
            guard home?.send(request) == true else {
                signposts.settle(file, nil)
                return false
            }
            asking[request.id] = file
        case .wait: held.append(request)
        }
        return true
    }

    private func resume() {
        let requests = held
        held = []
        for request in requests { home?.dispatch(request) }
        home?.flush()
    }

    /// Sends a request to the source itself.
    /// - Returns: whether there still is a connection.
    private func sendHome(_ request: ChunkRequest) -> Bool {
        guard let home, home.send(request) else { return false }
        home.flush()
        return true
    }

    /// The source itself has begun to answer a request.
    func answered(_ request: ChunkRequest, byRedirect isRedirect: Bool) {
        gate?.letIn(request)
        guard let file = asking.removeValue(forKey: request.id) else { return }
        signposts.settle(file, isRedirect ? .elsewhere : .source)
    }

    /// The connection to the source itself is gone.
    func homeEnded() {
        for file in asking.values { signposts.settle(file, nil) }
        asking = [:]
        gate?.homeEnded()
    }

    /// Takes a request that a registry has answered by a challenge. It is asked again from the start.
    func challenged(_ request: ChunkRequest, by challenge: AuthenticationChallenge, on link: Link?) {
        if let link { finish(request, on: link) }
        gate?.challenged(writer.restarted(request), by: challenge)
        settle()
    }

    /// Takes a request that was answered by a redirect, and asks for the same where that leads.
    /// - Parameter link: whose request it was; nil if it was the source's own.
    func follow(_ redirection: Redirection, _ request: ChunkRequest, on link: Link?) {
        if let link { finish(request, on: link) }
        defer { answered(request, byRedirect: true) }
        var journey = request.journey ?? Journey(from: writer.start(of: request))
        do throws(RedirectFault) {
            try journey.follow(redirection)
        } catch {
            return fail(request, chunk: request.firstChunk, .redirects(error))
        }
        if let file = writer.file(of: request) { signposts.remember(journey.here, forFile: file) }
        let origin = journey.here.origin
        if origin != writer.source.url.origin, signposts.tells(origin) { sink.led(writer.source, origin) }
        send(writer.request(request, along: journey))
        settle()
    }

    /// Sends a request where its journey has led.
    func send(_ request: ChunkRequest) {
        let origin = request.journey?.here.origin ?? writer.source.url.origin
        if origin == writer.source.url.origin, sendHome(request) { return }
        if !assign(request, to: origin) { waiting.append(request) }
    }

    /// - Returns: whether there is a link for the request, or room for one.
    private func assign(_ request: ChunkRequest, to origin: Origin) -> Bool {
        let there = links.filter { $0.origin == origin }
        let isClosing = closing.contains(origin)
        if let link = there.first(where: { !isClosing || $0.requests.isEmpty }) {
            link.requests.append(request)
            link.send([request])
            return true
        }
        guard there.count < Self.mostToClosing, links.count < Self.most || closeIdleLink() else { return false }
        start(request, Link(origin))
        return true
    }

    /// The request is no longer wanted.
    func cancel(_ id: RequestID) {
        waiting.removeAll { $0.id == id }
        held.removeAll { $0.id == id }
        gate?.cancel(id)
        for link in links {
            guard let index = link.requests.firstIndex(where: { $0.id == id }) else { continue }
            link.requests.remove(at: index)
            link.connection?.handler.value.cancel(id)
        }
        settle()
    }

    private func closeIdleLink() -> Bool {
        guard let index = links.firstIndex(where: { $0.requests.isEmpty }) else { return false }
        links.remove(at: index).connection?.close()
        return true
    }

    private func start(_ request: ChunkRequest, _ link: Link) {
        link.requests.append(request)
        links.append(link)
        open(link.origin, link, self).assumeIsolated().whenSuccess { [self] result in
            guard links.contains(where: { $0 === link }) else {
                if case .success(let connection) = result { connection.close() }
                return
            }
            switch result {
            case .success(let connection):
                link.connection = connection
                link.send(link.requests)
            case .failure(let error):
                links.removeAll { $0 === link }
                for request in link.requests { fail(request, chunk: request.firstChunk, error) }
                settle()
            }
        }
    }

    // MARK: What comes of them

    /// The whole of an answer has come.
    func succeed(_ request: ChunkRequest, on link: Link) {
        finish(request, on: link)
        settle()
    }

    /// What was asked for did not come.
    /// - Parameter link: nil if it was asked of the source's own origin.
    func fail(_ request: ChunkRequest, chunk: Int, _ error: SourceError, on link: Link?) {
        if let link { finish(request, on: link) }
        fail(request, chunk: chunk, error)
        settle()
    }

    /// A link is gone. What was outstanding is asked for again on a new one, except for what the old one broke on.
    /// - Parameter error: nil if nothing was broken off.
    func closed(_ link: Link, _ error: SourceError?) {
        guard let index = links.firstIndex(where: { $0 === link }) else { return }
        links.remove(at: index)
        var left = link.requests[...]
        // Data that it has not read when it closes may reset the connection, and with it an answer on its way.
        let isFirstClosing = link.hasServed && left.count > 1 && closing.insert(link.origin).inserted
        let cause = error ?? (link.hasServed ? nil : .closedEarly("before any answer"))
        if let error = cause, !isFirstClosing, let broken = left.popFirst() {
            fail(broken, chunk: broken.firstChunk, error)
        }
        for request in left { send(request) }
        settle()
    }

    /// Tells what went wrong with a request, and where it had led. If that place was remembered, the source may lead to
    /// another by now (a presigned URL expires), and is asked.
    private func fail(_ request: ChunkRequest, chunk: Int, _ error: SourceError) {
        guard let journey = request.journey else { return sink.post([.failed(request.id, chunk: chunk, error)]) }
        if let file = writer.file(of: request) { signposts.forget(journey.here, ofFile: file) }
        if journey.isRemembered, error.isRefusal, sendHome(writer.restarted(request)) { return }
        sink.post([.failed(request.id, chunk: chunk, .led(to: journey.here, error))])
    }

    private func finish(_ request: ChunkRequest, on link: Link) {
        link.hasServed = true
        link.requests.removeAll { $0.id == request.id }
    }

    /// Sends what waited for a link, and says when nothing is left.
    private func settle() {
        let requests = waiting
        waiting = []
        for request in requests { send(request) }
        guard !isBusy, whenIdle != nil else { return }
        // Behind what the links have still to tell.
        loop.execute { [bound = NIOLoopBound(self, eventLoop: loop)] in bound.value.endIfIdle() }
    }

    private func endIfIdle() {
        guard !isBusy, let action = whenIdle else { return }
        whenIdle = nil
        action()
    }
}

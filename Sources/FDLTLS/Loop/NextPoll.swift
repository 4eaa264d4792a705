import CLinux
package import NIOCore
import NIOPosix

/// Runs what it is given once an event loop has looked at its sockets again, one thing at a time. Confined to that loop.
///
/// What a loop gives itself to do by `execute` comes before its sockets, however often, and so does what has become due
/// meanwhile. An eventfd(2), which the loop sees where it sees its sockets, does not.
package final class NextPoll {
    /// Where there is no descriptor, the loop has looked at its sockets after this, if it is not slow.
    private static let pause = TimeAmount.microseconds(10)

    private enum Bell {
        case missing
        /// The channel owns the descriptor; it is nil while the loop takes it.
        case hung(CInt, (any Channel)?)
        /// The loop has ended, and nothing more is run.
        case gone
    }

    private var bell = Bell.missing
    private var due: (() -> Void)?

    package init() {}

    deinit {
        if case .hung(_, let channel) = bell { channel?.close(promise: nil) }
    }

    /// Opens the descriptor, if that has not been done: it is there then when there are none left.
    package func prepare(on eventLoop: any EventLoop) {
        if case .missing = bell { hang(on: eventLoop) }
    }

    /// - Precondition: what was given before has been run.
    package func run(on eventLoop: any EventLoop, _ body: @escaping () -> Void) {
        precondition(due == nil, "one thing at a time")
        prepare(on: eventLoop)
        switch bell {
        case .gone: return
        case .hung(let descriptor, _) where eventfd_write(descriptor, 1) == 0: due = body
        case .hung, .missing:
            due = body
            runLater(on: eventLoop)
        }
    }

    private func runLater(on eventLoop: any EventLoop) {
        eventLoop.assumeIsolated().scheduleTask(in: Self.pause) { self.runDue() }
    }

    private func runDue() {
        let body = due
        due = nil
        body?()
    }

    private func hang(on eventLoop: any EventLoop) {
        // A loop without sockets is one of tests. Where no descriptor is to be had now, there may be one later.
        guard let bootstrap = NIOPipeBootstrap(validatingGroup: eventLoop) else { return }
        let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard descriptor >= 0 else { return }
        bell = .hung(descriptor, nil)
        let ear = NIOLoopBound(Ear(self), eventLoop: eventLoop)
        bootstrap
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    ear.value.isTaken = true
                    try channel.pipeline.syncOperations.addHandler(ear.value)
                }
            }
            .takingOwnershipOfDescriptor(input: descriptor)
            .assumeIsolated()
            .whenComplete { [weak self] result in
                switch result {
                case .success(let channel):
                    guard let self, case .hung = bell else { return channel.close(promise: nil) }
                    bell = .hung(descriptor, channel)
                case .failure:
                    if !ear.value.isTaken { close(descriptor) }
                    self?.lose(on: eventLoop)
                }
            }
    }

    private func lose(on eventLoop: any EventLoop) {
        bell = .missing
        if due != nil { runLater(on: eventLoop) }
    }

    private func end() {
        bell = .gone
        due = nil
    }

    private final class Ear: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        /// Whether there is a channel: it closes the descriptor, whatever becomes of it.
        var isTaken = false
        private weak var owner: NextPoll?

        init(_ owner: NextPoll) { self.owner = owner }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { owner?.runDue() }

        func channelInactive(context: ChannelHandlerContext) { owner?.end() }
    }
}

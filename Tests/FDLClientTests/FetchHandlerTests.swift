import FDLCore
import FDLPlan
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Synchronization
import TestSupport
import Testing

@testable import FDLClient
@testable import FDLTLS

@Suite struct FetchHandlerTests {
    static let size = 65536

    private final class Told: Sendable {
        let list = Mutex<[String]>([])
    }

    /// A connection without its TLS and its HTTP, on a loop that the test turns, to a source of one file of 8 chunks.
    private final class Connection {
        let channel = EmbeddedChannel()
        let ready: EventLoopFuture<Void>
        let bytes = noise(8 * size, seed: 3)
        private let events = Told()

        init(
            _ kind: SourceKind = .worker,
            timeouts: FetchTimeouts = FetchTimeouts(),
            isReady: Bool = true
        ) throws {
            let source = Manifest.Source(kind: kind, url: try SourceURL("https://h.example/"))
            let promise = channel.eventLoop.makePromise(of: Void.self)
            ready = promise.futureResult
            let writer = RequestWriter(source: source, manifest: try Manifest.sample([("a", bytes)]))
            let sink = FetchSink(
                post: { [events] told in
                    events.list.withLock { $0 += told.compactMap(Self.text) }
                },
                accept: { _ in }
            )
            let loop = channel.eventLoop
            let handler = FetchHandler(
                .source(ConnectionID(rawValue: 0)),
                writer: writer,
                follower: RedirectFollower(writer: writer, signposts: Signposts(), sink: sink, loop: loop) { _, _, _ in
                    loop.makeSucceededFuture(.failure(.unreachable(.refused)))
                },
                sink: sink,
                settings: FetchSettings(
                    buffers: ChunkBufferPool(chunkSize: size, memoryLimit: 1 << 20, isForDisk: false),
                    limiter: nil,
                    timeouts: timeouts
                ),
                compression: SourceCompression(mode: .never, loops: SharedLoops(count: 1)),
                ready: promise
            )
            try channel.pipeline.syncOperations.addHandler(handler)
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            guard isReady else { return }
            channel.pipeline.fireUserInboundEventTriggered(
                TLSHandshakeCompleted(version: .tls13, cipher: "", resumed: false, peerPin: nil)
            )
        }

        deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

        /// What the plan has been told since the last look, in order.
        func told() -> [String] {
            channel.embeddedEventLoop.run()
            return events.list.withLock { events in
                defer { events = [] }
                return events
            }
        }

        func fetch(_ numbers: Range<Int>) throws {
            for number in numbers { try fetch(number, chunks: number..<(number + 1)) }
        }

        func fetch(_ number: Int, chunks: Range<Int>) throws {
            try channel.writeOutbound([FetchCommand.fetch(RequestID(rawValue: number), chunks: chunks)])
        }

        func cancel(_ number: Int) throws {
            try channel.writeOutbound([FetchCommand.cancel(RequestID(rawValue: number))])
        }

        func head(_ status: HTTPResponseStatus = .ok, _ headers: HTTPHeaders = [:]) throws {
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
            try channel.writeInbound(HTTPClientResponsePart.head(head))
        }

        func body(_ bytes: some Sequence<UInt8>) throws {
            try channel.writeInbound(HTTPClientResponsePart.body(ByteBuffer(bytes: bytes)))
        }

        func body(count: Int) throws { try body(repeatElement(0, count: count)) }

        func end() throws { try channel.writeInbound(HTTPClientResponsePart.end(nil)) }

        func chunk(_ number: Int) -> ArraySlice<UInt8> { bytes[(number * size)..<((number + 1) * size)] }

        func answer(_ number: Int, _ headers: HTTPHeaders = [:]) throws {
            try head(.ok, headers)
            try body(chunk(number))
            try end()
        }

        private static func text(_ event: DownloadPlan.Event) -> String? {
            switch event {
            case .began(let id): "began \(id.rawValue)"
            case .progress(let id, let bytes): "progress \(id.rawValue) \(bytes)"
            case .verified(let id, let chunk): "verified \(id.rawValue) \(chunk)"
            case .failed(let id, let chunk, let error): "failed \(id.rawValue) \(chunk) \(text(error))"
            case .lastAnswer(let id, let number, _): "last \(id.rawValue) \(number)"
            case .rangesIgnored(let id, _): "whole \(id.rawValue)"
            case .readPast(let id, let bytes): "past \(id.rawValue) \(bytes)"
            case .connectionClosed(_, let error): "closed" + (error.map { " \(text($0))" } ?? "")
            default: nil
            }
        }

        private static func text(_ error: SourceError) -> String {
            switch error {
            case .lacking: "lacking"
            case .forbidden(let code): "forbidden \(code)"
            case .status(let code, _): "status \(code)"
            case .protocolViolation: "violation"
            case .redirects: "redirects"
            case .corrupt: "corrupt"
            case .timeout: "timeout"
            case .closedEarly: "closedEarly"
            default: "other"
            }
        }
    }

    @Test func theBeginningOfAnAnswerIsToldWhereItShowsTheDelayOfThePath() throws {
        let connection = try Connection()
        // The second waits behind the first: when its answer comes says nothing about the path.
        try connection.fetch(0..<2)
        try connection.head(.ok, ["Content-Length": "\(Self.size)"])
        #expect(connection.told() == ["began 0"])
        try connection.body(connection.chunk(0))
        try connection.end()
        try connection.answer(1, ["Content-Length": "\(Self.size)"])
        #expect(connection.told() == ["verified 0 0", "verified 1 1"])
        #expect(connection.channel.isActive)
    }

    @Test func requestsAreWrittenAtOnceAndAnswersTakenInOrder() throws {
        let connection = try Connection()
        try connection.fetch(0..<3)
        var heads = 0
        while let part = try connection.channel.readOutbound(as: HTTPClientRequestPart.self) {
            if case .head = part { heads += 1 }
        }
        #expect(heads == 3)
        for number in 0..<3 {
            try connection.head()
            for piece in 0..<4 { try connection.body(connection.chunk(number).dropFirst(piece * 16384).prefix(16384)) }
            try connection.end()
        }
        #expect(connection.told() == ["began 0", "verified 0 0", "verified 1 1", "verified 2 2"])
    }

    @Test(
        arguments: [
            (.notFound, "lacking"), (.gone, "lacking"), (.forbidden, "forbidden 403"),
            (.serviceUnavailable, "status 503"),
        ] as [(HTTPResponseStatus, String)]
    )
    func aRefusalIsToldAtItsEndAndTheConnectionGoesOn(status: HTTPResponseStatus, name: String) throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        try connection.head(status)
        try connection.body(count: 1000)
        #expect(connection.told() == ["began 0"])
        try connection.end()
        #expect(connection.told() == ["failed 0 0 \(name)"])
        try connection.answer(1)
        #expect(connection.told() == ["verified 1 1"])
        #expect(connection.channel.isActive)
    }

    @Test func aRefusalThatGoesOnAndOnEndsTheConnection() throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        try connection.head(.notFound)
        try connection.body(count: Self.size)
        #expect(connection.told() == ["began 0"])
        try connection.body(count: 1)
        #expect(connection.told() == ["failed 0 0 lacking", "closed"])
        #expect(!connection.channel.isActive)
    }

    /// What follows on the connection cannot be told from the rest of it: nothing more of it is believed.
    @Test(arguments: ["length", "short", "long"])
    func aBrokenAnswerEndsTheConnectionAndIsBlamedOnce(fault: String) throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        let chunk = connection.chunk(0)
        switch fault {
        case "length": try connection.head(.ok, ["Content-Length": "1"])
        default: try connection.head()
        }
        switch fault {
        case "short": try connection.body(chunk.dropLast())
        case "long": try connection.body(chunk + [0])
        default: break
        }
        try connection.end()
        try connection.answer(1)
        let name = "violation"
        let good = fault == "long" ? ["verified 0 0"] : []
        #expect(connection.told() == ["began 0"] + good + ["failed 0 0 \(name)", "closed"])
        #expect(!connection.channel.isActive)
    }

    @Test func wrongBytesInASoundAnswerEndNoConnection() throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        try connection.head()
        try connection.body(connection.chunk(0).dropLast() + [connection.chunk(0).last! ^ 1])
        #expect(connection.told() == ["began 0", "failed 0 0 corrupt"])
        try connection.end()
        try connection.answer(1)
        #expect(connection.told() == ["verified 1 1"])
        #expect(connection.channel.isActive)
    }

    /// A run goes on after the wrong chunk, with nothing that is still wanted: a new connection is sooner there.
    @Test func wrongBytesInTheMiddleOfARunEndTheConnection() throws {
        let connection = try Connection(.mirror)
        try connection.fetch(0, chunks: 0..<3)
        let range = "bytes 0-\(3 * Self.size - 1)/\(8 * Self.size)"
        try connection.head(.partialContent, ["Content-Range": range])
        try connection.body(count: Self.size)
        #expect(connection.told() == ["began 0", "failed 0 0 corrupt", "closed"])
        #expect(!connection.channel.isActive)
    }

    @Test(arguments: [SourceKind.worker, .mirror])
    func onlyAChunkThatWasWrongIsAskedForPastTheCaches(kind: SourceKind) throws {
        let connection = try Connection(kind)
        try connection.fetch(0..<1)
        // A mirror's first answer shows whether it leads elsewhere: until then the others wait.
        try connection.head(.notFound)
        try connection.end()
        try connection.channel.writeOutbound([FetchCommand.revalidate(RequestID(rawValue: 1), chunk: 0)])
        var directives: [[String]] = []
        while let part = try connection.channel.readOutbound(as: HTTPClientRequestPart.self) {
            if case .head(let head) = part { directives.append(head.headers["Cache-Control"]) }
        }
        #expect(directives == [[], ["no-cache"]])
    }

    @Test(arguments: ["before the head", "in the body", "after the body", "in a refusal", "before a refusal"])
    func aCancelledAnswerIsReadPastAndNothingOfItTold(moment: String) throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        if moment.hasPrefix("before") { try connection.cancel(0) }
        try connection.head(moment.hasSuffix("refusal") ? .notFound : .ok)
        let began = moment.hasPrefix("before") ? [] : ["began 0"]
        #expect(connection.told() == began)
        if moment.hasPrefix("in") { try connection.cancel(0) }
        try connection.body(connection.chunk(0))
        if moment == "after the body" {
            #expect(connection.told() == ["verified 0 0"])
            try connection.cancel(0)
        }
        try connection.end()
        try connection.answer(1)
        #expect(connection.told() == ["verified 1 1"])
        #expect(connection.channel.isActive)
    }

    @Test func aRequestIsCancelledBehindTheAnswerThatComes() throws {
        let connection = try Connection()
        try connection.fetch(0..<3)
        try connection.head()
        try connection.cancel(1)
        try connection.cancel(7)
        try connection.body(connection.chunk(0))
        try connection.end()
        try connection.answer(1)
        try connection.answer(2)
        #expect(connection.told() == ["began 0", "verified 0 0", "verified 2 2"])
    }

    @Test func aCancelledAnswerThatIsBrokenEndsTheConnectionWithoutBlame() throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        try connection.cancel(0)
        try connection.head()
        try connection.body(count: Self.size + 1)
        #expect(connection.told() == ["closed"])
        #expect(!connection.channel.isActive)
    }

    @Test func anEndBeforeTheAnswerIsBlamed() throws {
        for part in 0..<3 {
            let connection = try Connection()
            try connection.fetch(0..<2)
            if part > 0 { try connection.head() }
            if part > 1 { try connection.body(connection.chunk(0).prefix(1000)) }
            connection.channel.close(promise: nil)
            #expect(connection.told() == (part > 0 ? ["began 0"] : []) + ["closed closedEarly"])
        }
    }

    @Test func anEndOfAnIdleConnectionIsNobodysFault() throws {
        let connection = try Connection()
        try connection.fetch(0..<1)
        try connection.answer(0)
        connection.channel.close(promise: nil)
        #expect(connection.told() == ["began 0", "verified 0 0", "closed"])
    }

    @Test func anEndThatWasAnnouncedIsNobodysFaultOnlyAfterTheWholeAnswer() throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        try connection.answer(0, ["Connection": "close"])
        #expect(connection.told() == ["began 0", "last 0 1", "verified 0 0", "closed"])
        #expect(!connection.channel.isActive)

        let cut = try Connection()
        try cut.fetch(0..<2)
        try cut.head(.ok, ["Connection": "close"])
        try cut.body(cut.chunk(0).prefix(1000))
        cut.channel.close(promise: nil)
        #expect(cut.told() == ["began 0", "last 0 1", "closed closedEarly"])
    }

    @Test(arguments: [HTTPResponseStatus.ok, .notFound])
    func theLastAnswerIsToldWithItsNumber(status: HTTPResponseStatus) throws {
        let connection = try Connection()
        try connection.fetch(0..<3)
        try connection.answer(0)
        try connection.head(status, ["Connection": "close"])
        #expect(connection.told() == ["began 0", "verified 0 0", "last 1 2"])
    }

    @Test func anAnswerOfHTTP10IsTheLast() throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        let head = HTTPResponseHead(version: .http1_0, status: .ok)
        try connection.channel.writeInbound(HTTPClientResponsePart.head(head))
        try connection.body(connection.chunk(0))
        try connection.end()
        #expect(connection.told() == ["began 0", "last 0 1", "verified 0 0", "closed"])
    }

    /// What is asked for of a whole file is taken as it comes; what was asked before or besides is not.
    @Test func aWholeFileServesTheRangesThatFollow() throws {
        let connection = try Connection(.mirror)
        try connection.fetch(1, chunks: 1..<2)
        try connection.fetch(2, chunks: 4..<6)
        try connection.fetch(3, chunks: 3..<4)
        try connection.head(.ok, ["Content-Length": "\(8 * Self.size)", "Connection": "close"])
        #expect(connection.told() == ["began 1", "whole 1"])
        try connection.body(connection.bytes.prefix(2 * Self.size + 10))
        #expect(connection.told() == ["verified 1 1"])
        try connection.body(connection.bytes[(2 * Self.size + 10)..<(5 * Self.size)])
        #expect(connection.told() == ["verified 2 4"])
        try connection.body(connection.bytes[(5 * Self.size)...])
        #expect(connection.told() == ["verified 2 5"])
        // What has come beyond that is kept for what is asked for next.
        try connection.fetch(4, chunks: 7..<8)
        #expect(connection.told() == ["verified 4 7"])
        try connection.end()
        #expect(connection.told() == ["closed"])
        #expect(!connection.channel.isActive)
    }

    @Test func whatIsReadPastIsToldEachSecond() throws {
        let connection = try Connection(.mirror)
        try connection.fetch(0, chunks: 7..<8)
        try connection.head()
        try connection.body(connection.bytes.prefix(1000))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(connection.told() == ["began 0", "whole 0", "past 0 1000"])
    }

    @Test(arguments: [HTTPHeaders([("Content-Length", "7")]), HTTPHeaders([("Content-Encoding", "gzip")])])
    func aWholeFileOfAnotherLengthOrEncodedIsRefused(headers: HTTPHeaders) throws {
        let connection = try Connection(.mirror)
        try connection.fetch(0, chunks: 7..<8)
        try connection.head(.ok, headers)
        #expect(connection.told() == ["began 0", "failed 0 7 violation", "closed"])
    }

    @Test func aWholeFileThatIsTooShortIsBlamed() throws {
        let connection = try Connection(.mirror)
        try connection.fetch(0, chunks: 7..<8)
        try connection.head()
        try connection.body(connection.bytes.prefix(7 * Self.size + 1))
        try connection.end()
        #expect(connection.told() == ["began 0", "whole 0", "failed 0 7 violation", "closed"])
    }

    @Test func anEndBetweenTwoAnswersIsNobodysFault() throws {
        for part in 0..<2 {
            let connection = try Connection()
            try connection.fetch(0..<2)
            try connection.answer(0)
            if part > 0 { try connection.head() }
            connection.channel.close(promise: nil)
            #expect(connection.told() == ["began 0", "verified 0 0", part > 0 ? "closed closedEarly" : "closed"])
        }
    }

    @Test func whatABrokenAnswerBroughtIsToldIfItIsMuch() throws {
        for (count, progress) in [(3, []), (5, ["progress 0 \(5 * Self.size)"])] {
            let connection = try Connection(.mirror)
            try connection.fetch(0, chunks: 0..<8)
            try connection.head(.ok)
            for chunk in 0..<count { try connection.body(connection.chunk(chunk)) }
            connection.channel.close(promise: nil)
            let verified = (0..<count).map { "verified 0 \($0)" }
            #expect(connection.told() == ["began 0"] + verified + progress + ["closed closedEarly"])
        }
    }

    @Test func anErrorInARangeIsAboutTheChunkItIsIn() throws {
        let connection = try Connection(.mirror)
        try connection.fetch(0, chunks: 0..<8)
        try connection.head()
        try connection.body(connection.chunk(0))
        try connection.body(count: Self.size)
        #expect(connection.told() == ["began 0", "verified 0 0", "failed 0 1 corrupt", "closed"])
    }

    @Test func interimAnswersAreReadPastUpToALimit() throws {
        let connection = try Connection()
        try connection.fetch(0..<2)
        for _ in 0..<8 {
            try connection.head(.processing)
            try connection.end()
        }
        try connection.answer(0)
        #expect(connection.told() == ["began 0", "verified 0 0"])
        for _ in 0..<9 { try connection.head(.processing) }
        #expect(connection.told() == ["failed 1 1 violation", "closed"])
    }

    @Test func anAnswerThatNobodyAskedForEndsTheConnection() throws {
        let connection = try Connection()
        try connection.answer(0)
        #expect(connection.told() == ["closed"])
        #expect(!connection.channel.isActive)
    }

    @Test(arguments: [false, true])
    func silenceIsATimeout(afterTheHead: Bool) throws {
        var timeouts = FetchTimeouts()
        if afterTheHead { timeouts.stall = .zero } else { timeouts.firstByte = .zero }
        let connection = try Connection(timeouts: timeouts)
        try connection.fetch(0..<2)
        if afterTheHead {
            connection.channel.embeddedEventLoop.advanceTime(by: .seconds(5))
            try connection.head()
            #expect(connection.told() == ["began 0"])
        }
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(connection.told() == ["failed 0 0 timeout", "closed"])
        #expect(!connection.channel.isActive)
    }

    @Test func progressIsToldEachSecond() throws {
        let connection = try Connection()
        try connection.fetch(0..<1)
        try connection.head()
        try connection.body(connection.chunk(0).prefix(1000))
        #expect(connection.told() == ["began 0"])
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(connection.told() == ["progress 0 1000"])
        try connection.cancel(0)
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(connection.told() == [])
    }

    @Test func whoeverWaitsForTheHandshakeHearsWhyThereIsNone() throws {
        let connection = try Connection(isReady: false)
        connection.channel.pipeline.fireErrorCaught(TLSError.handshakeTimeout)
        #expect(connection.told() == [])
        #expect(throws: SourceError.self) { try connection.ready.wait() }

        let cut = try Connection(isReady: false)
        cut.channel.close(promise: nil)
        #expect(cut.told() == [])
        #expect(throws: SourceError.self) { try cut.ready.wait() }
    }
}

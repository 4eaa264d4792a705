import Glibc
import TestSupport
import Testing

@Suite("From the field: signals and terminals")
struct SignalFieldTests {
    private let scene: Scene
    private let offer: Scene.Offer
    private let output: String

    init() async throws {
        scene = try await Scene()
        offer = try await scene.offer(noise(12 << 20))
        output = scene.path("copy")
    }

    /// Held to some seconds, so that there is a midway.
    private static let slowly = ["--limit-rate", "4M"]

    @Test(
        .reported(as: "fish-shell/fish-shell#4007", "gem/oq-engine#4027", "canonical/mir#1734"),
        arguments: [SIGHUP, SIGINT]
    )
    func `Under nohup, or in a script's background, the download ends with the terminal`(signal: Int32) async throws {
        let command = try await scene.getCommand(offer, to: output, Self.slowly)
        let get = try scene.startShell("trap '' \(signal); exec \"$@\"", command)
        try await get.writes(1 << 20)
        #expect(get.isRunning, "the download was over before the signal")
        get.signal(signal)
        _ = try GetResult(await get.wait()).done()
        #expect(try await scene.isRight(output, offer))
    }

    @Test(arguments: [SIGHUP, SIGINT, SIGTERM])
    func `Ended by a signal it exits with a code of its own, and the shell does not know`(signal: Int32) async throws {
        let command = try await scene.getCommand(offer, to: output, Self.slowly)
        // The shell tells how what it ran ended: by a signal it has 128 and more, and only then is this no exit code.
        let script = """
            "$@" &
            echo $! >pid
            wait $!
            echo $? >code
            """
        let shell = try scene.startShell(script, command)
        let place = scene.home(of: .reader)
        let pid = try await shell.until("it says the process") {
            (try? Files.read(place + "/pid")).flatMap { pid_t(String(decoding: $0, as: UTF8.self).filter(\.isNumber)) }
        }
        try await shell.until("it writes") {
            (try? Files.size(output + ".fdl-part")).flatMap { $0 > 0 ? () : nil }
        }
        #expect(kill(pid, signal) == 0)
        #expect(try await shell.wait().code == 0)
        // In the background of a script SIGINT is ignored, and stays so.
        let code = signal == SIGINT ? 0 : 128 + signal
        #expect(String(decoding: try Files.read(place + "/code"), as: UTF8.self) == "\(code)\n")
        _ = try await scene.get(offer, to: output).done()
        #expect(try await scene.isRight(output, offer))
    }

    @Test func `Interrupted at the terminal, the loop around it starts the next download`() async throws {
        let command = try await scene.getCommand(offer, to: output, Self.slowly)
        let script = "for round in 1 2 3; do echo $round >>rounds; \"$@\"; done"
        let shell = try scene.startShell(script, command)
        try await shell.until("it writes") {
            (try? Files.size(output + ".fdl-part")).flatMap { $0 > 0 ? () : nil }
        }
        shell.signalAll(SIGINT)
        #expect(try await shell.wait().code == 128 + SIGINT)
        #expect(try Files.read(scene.home(of: .reader) + "/rounds") == Array("1\n".utf8))
    }

    @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    func `Started with closed descriptors, it writes its messages into the file`(closed: String) async throws {
        let small = try await scene.worker(root: scene.path("published"))
        let command = try await scene.getCommand(
            .init(original: offer.original, manifest: offer.manifest, worker: small),
            to: output
        )
        #expect(try await scene.shell("exec \"$@\" \(closed)", command).code == 0)
        #expect(try await scene.isRight(output, offer))
        #expect(try Files.list(scene.path("published")).filter { $0.hasPrefix("data.bin") }.count == 3)
    }
}

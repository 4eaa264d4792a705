import TestSupport
import Testing

@Suite("From the field: who runs it")
struct PrivilegeFieldTests {
    @Test(
        .reported(
            as: "michaelklishin/bunny-swift#10",
            "shadowsocks/shadowsocks-rust#12",
            "coova/coova-chilli#357"
        )
    )
    func `For an ordinary user every source is unreachable: Permission denied`() async throws {
        let scene = try await Scene()
        let offer = try await scene.offer(noise(300_000))
        let output = scene.path("copy")
        // The bounding set of one who has no capability is not his to change, and need not be.
        let drop = "if [ $(id -u) = 0 ]; then exec setpriv --bounding-set=-all --inh-caps=-all \"$@\"; fi; exec \"$@\""
        let result = GetResult(try await scene.shell(drop, scene.getCommand(offer, to: output)))
        let source = try result.done().source(offer.worker.url)
        #expect(source.failed == 0)
        #expect(try await scene.isRight(output, offer))
    }
}

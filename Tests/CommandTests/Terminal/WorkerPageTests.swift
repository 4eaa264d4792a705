import TestSupport
import Testing

/// The page at `/` as a browser shows it. The pictures in `Tests/Pictures` are what it should look like; to take new ones,
/// look at what the test says that it has made, and copy that.
@Suite("The worker's page in Chromium, on a phone and on a desk, light and dark")
struct WorkerPageTests {
    @Test func `axe finds nothing, nothing is too wide, and it looks as it did`() async throws {
        let scene = try await Scene()
        let root = scene.path("root")
        for name in ["one.flac", "two.flac", "notes/cover.jpg"] {
            try Files.write(noise(50_000), to: "\(root)/album/\(name)")
        }
        try Files.write(noise(300_000), to: root + "/big.iso")
        // The page shows the newest first, by the second.
        _ = try await scene.sign(root + "/big.iso", ["--version", "7"])
        try await Task.sleep(for: .milliseconds(1100))
        _ = try await scene.sign(root + "/album", ["--version", "7"])
        try Files.copy(try await scene.publisherKey(), to: root + "/publisher.pub")
        let worker = try await scene.worker(root: root)
        let home = scene.home(of: .stranger)
        let places = (Program.environment(home: home)["PATH"] ?? "").split(separator: ":")
        let axe = try #require(places.map { "\($0)/axe.min.js" }.first(where: Files.exists), "tools/test installs it")
        let pictures = Program.sources + "/Tests/Pictures"
        let made = scene.path("pictures")
        try Files.makeDirectory(made)
        let looking = [pictures + "/look.py", axe, made, worker.url]
        let found = try await scene.must(.system("python3"), looking, by: .stranger)
        #expect(found.text.isEmpty, "\(found.text)")
        for picture in ["page-390-light", "page-390-dark", "page-1280-light", "page-1280-dark"] {
            let comparing = [pictures + "/alike.py", "\(pictures)/\(picture).png", "\(made)/\(picture).png"]
            // Debian's own, which has the library for pictures.
            let compared = try await scene.run(.system("/usr/bin/python3"), comparing, by: .stranger)
            #expect(compared.code == 0, "\(picture): \(compared.errors)")
        }
    }
}

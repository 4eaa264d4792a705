import TestSupport
import Testing

@Suite("The man pages")
struct ManualTests {
    private let scene: Scene
    private let pages: String

    init() async throws {
        scene = try await Scene()
        let prefix = scene.path("prefix")
        pages = prefix + "/share/man/man1"
        let command = ["--bin", Program.directory, "--prefix", prefix]
        let date = ["SOURCE_DATE_EPOCH": "1700000000"]
        try await scene.start(.tool("install"), command, by: .publisher, environment: date).wait().succeeded()
    }

    private func shown(_ name: String) async throws -> String {
        let rendered = try await scene.must(.system("mandoc"), ["-T", "utf8", "\(pages)/\(name).1"], by: .reader)
        // Letters are struck over to be bold or underlined.
        var letters: [Character] = []
        for letter in rendered.text { if letter == "\u{8}" { letters.removeLast() } else { letters.append(letter) } }
        return String(letters)
    }

    @Test func `Neither man nor mandoc has anything to say against them`() async throws {
        let names = try Files.list(pages)
        #expect(names.count > 20)
        for name in names {
            let page = pages + "/" + name
            let man = ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page]
            #expect(try await scene.must(.system("man"), man, by: .reader).errors == "", "\(name)")
            let lint = try await scene.run(.system("mandoc"), ["-T", "lint", "-W", "warning", page], by: .reader)
            #expect(lint.code == 0 && lint.text == "", "\(lint.text)")
        }
    }

    @Test func `They say what the helps say, where a man page has it`() async throws {
        let get = try await shown("fdl-secure-get")
        for part in [
            "fdl-secure-get – Download what a manifest lists", "fdl-secure get manifests... [", "--publisher-key",
            "RW...",
            "November 14, 2023", "\nEXAMPLES\n", "tar x\n", "\nFILES\n", "\nENVIRONMENT\n", "NO_COLOR",
            "\nEXIT STATUS\n", "what was fetched is kept",
        ] {
            #expect(get.contains(part), "no '\(part)' in:\n\(get)")
        }
        for left in ["EXAMPLES:", "EXIT CODES:", "and >0 if"] { #expect(!get.contains(left), "\(left)") }
        let all = try await shown("fdl-secure")
        #expect(all.contains("fdl-secure-get(1), "))
    }

    @Test func `A program's page lists its commands, and an option has its default`() async throws {
        let all = try await shown("fdl-secure")
        #expect(all.contains("\nCOMMANDS\n     fdl-secure doctor\n"), "\(all)")
        #expect(all.contains("     fdl-secure get\n             Download what a manifest lists; run"), "\(all)")
        #expect(!all.contains("fdl-secure trust add\n             "))
        let trust = try await shown("fdl-secure-trust")
        #expect(trust.contains("     fdl-secure trust add\n             "), "\(trust)")
        #expect(try await !shown("fdl-secure-get").contains("COMMANDS"))
        let server = try await shown("fdl-secure-server")
        #expect(server.contains("room.  (default: 4096)"), "\(server)")
    }
}

import TestSupport
import Testing

@Suite("Completions")
struct CompletionTests {
    private let scene: Scene

    init() async throws {
        scene = try await Scene()
    }

    /// What bash offers for a command line that ends where a person presses Tab.
    private func offered(_ program: Program, _ words: String...) async throws -> [String] {
        let script = try await scene.must(program, ["--generate-completion-script", "bash"], by: .reader).text
        try Files.write(Array(script.utf8), to: scene.home(of: .reader) + "/completion")
        let name = String(program.path.split(separator: "/").last ?? "")
        let line = ([name] + words).joined(separator: " ")
        let shell = """
            PATH=\(Program.directory):$PATH; source ./completion
            COMP_WORDS=(\(([name] + words).map { "'\($0)'" }.joined(separator: " "))); COMP_CWORD=\(words.count)
            COMP_LINE='\(line)'; COMP_POINT=\(line.utf8.count); COMP_TYPE=9
            function_name=$(complete -p \(name) | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            $function_name \(name) '\(words.last ?? "")' '\(words.dropLast().last ?? name)'
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let ended = try await scene.run(.system("bash"), ["-c", shell], by: .reader)
        return ended.text.split(separator: "\n").map { String($0).filter { $0 != " " } }
    }

    @Test func `File names are completed where files are meant, and verbs and options where they are`() async throws {
        let home = scene.home(of: .reader)
        for name in ["some.manifest.json", "some.pub", "other"] { try Files.write([1], to: home + "/" + name) }
        #expect(try await offered(.secure, "get", "some").contains("some.manifest.json"))
        #expect(try await offered(.secure, "get", "x", "--publisher-key", "some.p").contains("some.pub"))
        #expect(try await offered(.secure, "verify", "x", "oth").contains("other"))
        #expect(try await offered(.sign, "manifest", "oth").contains("other"))
        #expect(try await offered(.sign, "manifest", "x", "--ca", "oth").contains("other"))
        #expect(try await offered(.server, "--cert", "oth").contains("other"))
        #expect(try await offered(.secure, "ins").contains("inspect"))
        #expect(try await offered(.secure, "get", "--upd").contains("--update"))
        #expect(try await offered(.secure, "get", "x", "--compress", "a") == ["auto", "always"])
    }

    @Test(arguments: ["zsh", "fish"])
    func `The other shells have them too`(shell: String) async throws {
        for program in [Program.sign, .server, .secure] {
            let script = try await scene.must(program, ["--generate-completion-script", shell], by: .reader).text
            #expect(script.contains(shell == "zsh" ? "_files" : "-rF"))
        }
    }
}

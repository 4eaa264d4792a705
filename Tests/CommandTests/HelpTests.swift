import FDLCore
import TestSupport
import Testing

@Suite("Help")
struct HelpTests {
    private static let verbs: [(Program, [String])] = [
        (.sign, []), (.sign, ["keygen"]), (.sign, ["manifest"]), (.sign, ["publish"]), (.sign, ["export"]),
        (.sign, ["verify"]),
        (.server, []),
        (.secure, []), (.secure, ["get"]), (.secure, ["verify"]), (.secure, ["list"]), (.secure, ["inspect"]),
        (.secure, ["doctor"]), (.secure, ["trust"]), (.secure, ["trust", "add"]),
        (.tool("make-certs"), []), (.tool("quickstart"), []), (.tool("test"), []), (.tool("bench"), []),
        (.tool("bench-compression"), []),
    ]

    @Test(arguments: verbs.indices)
    func `Every program and verb explains itself`(index: Int) async throws {
        let (program, verb) = Self.verbs[index]
        let ended = try await Scene().run(program, verb + ["--help"], by: .reader)
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(ended.text.lowercased().contains("usage: "))
        #expect(ended.errors.isEmpty)
    }

    @Test func `The other programs' helps have examples and exit codes too`() async throws {
        let scene = try await Scene()
        let verbs = ["manifest", "publish", "export", "keygen", "verify"].map { (Program.sign, [$0]) }
        for (program, verb) in verbs + [(Program.server, [String]())] {
            let text = try await scene.run(program, verb + ["--help"], by: .reader).text
            #expect(text.contains("EXAMPLES:") && text.contains("EXIT CODES:"))
        }
    }

    @Test(arguments: ["get", "verify", "list", "inspect", "doctor"])
    func `Help has examples, files and variables, exit codes, and options in groups`(verb: String) async throws {
        let text = try await Scene().run(.secure, [verb, "--help"], by: .reader).text
        for part in ["EXAMPLES:", "FILES AND ENVIRONMENT:", "EXIT CODES:", "SOURCES:", "WHOSE SIGNATURE:"] {
            #expect(text.contains(part), "\(part)")
        }
        #expect(text.count(of: "\n  fdl-secure \(verb)") + text.count(of: "| fdl-secure \(verb)") >= 3)
    }

    @Test(arguments: [Program.sign, .server, .secure])
    func `Every program says which version it is`(program: Program) async throws {
        let ended = try await Scene().run(program, ["--version"], by: .reader)
        #expect(ended.code == 0, "\(ended.errors)")
        let name = program.path.split(separator: "/").last ?? ""
        #expect(ended.text == "\(name) \(Product.version)\n")
        #expect(ended.errors.isEmpty)
    }
}

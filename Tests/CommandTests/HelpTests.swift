import FDLCore
import TestSupport
import Testing

@Suite("Help")
struct HelpTests {
    private static let verbs: [(Program, [String])] = [
        (.sign, []), (.sign, ["keygen"]), (.sign, ["manifest"]), (.sign, ["verify"]),
        (.server, []),
        (.secure, []), (.secure, ["get"]), (.secure, ["verify"]), (.secure, ["trust"]), (.secure, ["trust", "add"]),
        (.tool("make-certs"), []), (.tool("quickstart"), []), (.tool("test"), []), (.tool("bench"), []),
    ]

    @Test(arguments: verbs.indices)
    func `Every program and verb explains itself`(index: Int) async throws {
        let (program, verb) = Self.verbs[index]
        let ended = try await Scene().run(program, verb + ["--help"], by: .reader)
        #expect(ended.code == 0, "\(ended.errors)")
        #expect(ended.text.lowercased().contains("usage: "))
        #expect(ended.errors.isEmpty)
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

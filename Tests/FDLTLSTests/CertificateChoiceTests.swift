import Testing

@testable import FDLTLS

@Suite("Which certificate a client is shown")
struct CertificateChoiceTests {
    private static let (rsa, ecdsa): (Int32, Int32) = (6, 408)

    private func choice(_ candidates: (Int32, Set<String>)...) -> CertificateChoice {
        CertificateChoice(candidates: candidates.map { .init(kind: $0.0, names: $0.1) })
    }

    @Test("Without a name: the first, and other kinds for all of its names")
    func standard() {
        #expect(choice((Self.rsa, ["a"])).standard == [0])
        #expect(choice((Self.rsa, ["a"]), (Self.ecdsa, ["a"])).standard == [0, 1])
        #expect(choice((Self.rsa, ["a"]), (Self.ecdsa, ["a", "b"])).standard == [0, 1])
        #expect(choice((Self.rsa, ["a", "b"]), (Self.ecdsa, ["a"])).standard == [0])
        #expect(choice((Self.rsa, ["a"]), (Self.ecdsa, ["b"])).standard == [0])
        #expect(choice((Self.rsa, ["a"]), (Self.rsa, ["a"]), (Self.ecdsa, ["a"])).standard == [0, 2])
        #expect(choice().standard == [])
    }

    @Test("With a name: the first of each kind that is for it, else as without")
    func named() {
        let choice = choice((Self.rsa, ["a"]), (Self.ecdsa, ["b"]), (Self.rsa, ["b"]), (Self.ecdsa, ["b", "c"]))
        func indices(_ name: String) -> [Int] { choice.indices { choice.candidates[$0].names.contains(name) } }
        #expect(indices("a") == [0])
        #expect(indices("b") == [1, 2])
        #expect(indices("c") == [3])
        #expect(indices("d") == choice.standard)
    }
}

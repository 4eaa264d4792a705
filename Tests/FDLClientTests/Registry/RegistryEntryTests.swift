import FDLCore
import TestSupport
import Testing

@testable import FDLClient

@Suite("The entry to a registry") struct RegistryEntryTests {
    typealias Pass = RegistryEntry.Pass

    private static let service = TokenFault.Service(
        url: TargetURL(origin: Origin(host: "auth.example", port: 443), pathAndQuery: "/token"),
        isShownLogin: false
    )
    private static let expired = TokenFault.service(service, .status(503, retryAfter: nil))

    /// An entry that can be changed within an expectation.
    private final class Entry {
        private var entry = RegistryEntry()

        func permit() -> RegistryEntry.Permit { entry.permit() }
        func letIn(with pass: Pass) -> Bool { entry.letIn(with: pass) }
        func leftUnknown() { entry.leftUnknown() }
        func received(_ result: Result<SecretText, TokenFault>) { entry.received(result) }

        func challenged(
            _ pass: Pass,
            by service: Result<TokenFault.Service, TokenFault>
        ) -> RegistryEntry.Consequence {
            entry.challenged(pass, by: service)
        }
    }

    private func token(_ number: Int) -> Pass { Pass(number: number, token: SecretText("t\(number)")) }

    /// One whose first request was answered by a challenge, and which has got token 1.
    private func entered() -> Entry {
        let entry = Entry()
        #expect(entry.permit() == .ask)
        #expect(entry.challenged(.none, by: .success(Self.service)) == .fetch)
        entry.received(.success(SecretText("t1")))
        return entry
    }

    @Test func `One that lets everybody in: the others wait for the first answer`() {
        let entry = Entry()
        #expect(entry.permit() == .ask)
        #expect(entry.permit() == .wait)
        let isOpen = entry.letIn(with: .none)
        #expect(isOpen)
        #expect(entry.permit() == .go(.none))
        #expect(!entry.letIn(with: .none))
    }

    @Test func `One that wants a token: all wait for it, and it is fetched once`() {
        let entry = Entry()
        #expect(entry.permit() == .ask)
        #expect(entry.challenged(.none, by: .success(Self.service)) == .fetch)
        #expect(entry.permit() == .wait)
        #expect(entry.challenged(.none, by: .success(Self.service)) == .again)
        entry.received(.success(SecretText("t1")))
        #expect(entry.permit() == .go(token(1)))
        // An answer from before.
        #expect(entry.challenged(.none, by: .success(Self.service)) == .again)
        #expect(entry.permit() == .go(token(1)))
    }

    @Test func `A token that was good once has expired`() {
        let entry = entered()
        #expect(!entry.letIn(with: token(1)))
        for number in 1...5 {
            #expect(entry.challenged(token(number), by: .success(Self.service)) == .fetch)
            #expect(entry.challenged(token(number), by: .success(Self.service)) == .again)
            #expect(entry.permit() == .wait)
            entry.received(.success(SecretText("t\(number + 1)")))
            #expect(entry.permit() == .go(token(number + 1)))
            // The last word on an older one proves nothing of this.
            _ = entry.letIn(with: token(number))
            _ = entry.letIn(with: token(number + 1))
        }
    }

    @Test func `A token that was never good ends it`() {
        let entry = entered()
        let refused = SourceError.token(.refused(Self.service))
        #expect(entry.challenged(token(1), by: .success(Self.service)) == .closed(refused))
        #expect(entry.permit() == .refused(refused))
        #expect(entry.challenged(token(1), by: .success(Self.service)) == .closed(refused))
    }

    @Test func `What is refused with each token is refused by the token's service`() {
        #expect(RegistryEntry().refusal == .forbidden(401))
        var entry = RegistryEntry()
        _ = entry.permit()
        _ = entry.challenged(.none, by: .success(Self.service))
        entry.received(.success(SecretText("t1")))
        #expect(entry.refusal == .token(.refused(Self.service)))
    }

    @Test func `An open registry may want a token later`() {
        let entry = Entry()
        _ = entry.permit()
        _ = entry.letIn(with: .none)
        #expect(entry.challenged(.none, by: .success(Self.service)) == .fetch)
        #expect(entry.permit() == .wait)
    }

    @Test func `A service that is down may be up later; one that refuses has done so`() {
        let entry = Entry()
        _ = entry.permit()
        _ = entry.challenged(.none, by: .success(Self.service))
        entry.received(.failure(Self.expired))
        #expect(entry.permit() == .ask)
        _ = entry.challenged(.none, by: .success(Self.service))
        let fault = TokenFault.service(Self.service, .forbidden(401))
        entry.received(.failure(fault))
        #expect(entry.permit() == .refused(.token(fault)))
    }

    @Test func `A challenge that cannot be met ends it`() {
        let entry = Entry()
        _ = entry.permit()
        let fault = TokenFault.address(isPlainHTTP: true)
        #expect(entry.challenged(.none, by: .failure(fault)) == .closed(.token(fault)))
        #expect(entry.permit() == .refused(.token(fault)))
    }

    @Test func `Where the first request came to nothing another is the first`() {
        let entry = Entry()
        _ = entry.permit()
        entry.leftUnknown()
        #expect(entry.permit() == .ask)
        _ = entry.letIn(with: .none)
        entry.leftUnknown()
        #expect(entry.permit() == .go(.none))
    }

    /// Whatever happens in whatever order, there is always something that goes on: a request that asks, a token that is
    /// being fetched, or an open door.
    @Test(arguments: 0..<200 as Range<UInt64>) func `Nobody waits for nothing`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let entry = Entry()
        var (isAsking, isFetching, tokens) = (false, false, 0)
        for _ in 0..<200 {
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                switch entry.permit() {
                case .ask:
                    #expect(!isAsking && !isFetching)
                    isAsking = true
                case .wait: #expect(isAsking || isFetching)
                case .go(let pass): #expect(pass.number <= tokens)
                case .refused: return
                }
            case 1:
                let pass = Int.random(in: 0...tokens, using: &random)
                let isOpen = entry.letIn(with: pass == 0 ? .none : token(pass))
                if isOpen { isAsking = false }
            case 2:
                let number = Int.random(in: 0...tokens, using: &random)
                if entry.challenged(number == 0 ? .none : token(number), by: .success(Self.service)) == .fetch {
                    #expect(!isFetching)
                    (isFetching, isAsking) = (true, false)
                }
            case 3 where isAsking:
                entry.leftUnknown()
                isAsking = false
            case 4 where isFetching:
                tokens += 1
                entry.received(.success(SecretText("t\(tokens)")))
                isFetching = false
            case 5 where isFetching:
                entry.received(.failure(Self.expired))
                isFetching = false
            default: break
            }
        }
    }
}

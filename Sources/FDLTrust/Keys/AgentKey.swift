import FDLCore
import FDLCrypto
import FDLSystem
import Glibc

/// An Ed25519 key that an SSH agent holds: `agent:COMMENT`, `agent:SHA256:…`, or `agent:` if there is only one.
enum AgentKey {
    private static let prefix = "agent:"
    /// OpenSSH's own limit of a message.
    private static let maximumBytes = 256 << 10

    /// What of an agent's keys a text means; nil if it means none of an agent.
    static func name(in text: String) -> String? {
        text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : nil
    }

    /// - Throws: `KeyError.agent`
    static func secretKey(named name: String) throws(KeyError) -> SecretKey {
        guard let value = getenv("SSH_AUTH_SOCK"), value.pointee != 0 else {
            throw .agent("SSH_AUTH_SOCK is not set")
        }
        let socket = String(cString: value)
        let identity = try choose(name, among: try identities(socket))
        return SecretKey(publicKey: identity.publicKey) { message throws(KeyError) in
            let answer: [UInt8]
            do throws(SystemError) {
                let question = SSHAgentMessage.sign(message, with: identity.blob)
                answer = try LocalSocket.ask(socket, question, limit: maximumBytes)
            } catch {
                throw .agent("\(error)")
            }
            guard let signature = SSHAgentMessage.signature(in: answer) else {
                throw .agent("it refuses to sign")
            }
            return signature
        }
    }

    private static func identities(_ socket: String) throws(KeyError) -> [SSHAgentMessage.Identity] {
        let answer: [UInt8]
        do throws(SystemError) {
            answer = try LocalSocket.ask(socket, SSHAgentMessage.requestIdentities, limit: maximumBytes)
        } catch {
            throw .agent("\(error)")
        }
        guard let identities = SSHAgentMessage.identities(in: answer) else { throw .agent("it does not list its keys") }
        return identities
    }

    private static func choose(
        _ name: String,
        among all: [SSHAgentMessage.Identity]
    ) throws(KeyError) -> SSHAgentMessage.Identity {
        let meant = all.filter { name.isEmpty || $0.comment == name || $0.fingerprint == name }
        guard let first = meant.first else {
            throw .agent(all.isEmpty ? "it holds no Ed25519 key" : "it holds none of that name, but \(list(all))")
        }
        guard meant.count == 1 else { throw .agent("several are meant: \(list(meant))") }
        return first
    }

    private static func list(_ identities: [SSHAgentMessage.Identity]) -> String {
        identities.map { "\($0.comment) (\($0.fingerprint))" }.joined(separator: ", ")
    }
}

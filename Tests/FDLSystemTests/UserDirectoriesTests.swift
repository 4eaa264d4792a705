import FDLCore
import Glibc
import TestSupport
import Testing

@testable import FDLSystem

@Suite struct UserDirectoriesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func directories(_ environment: [String: String], account: String? = nil) -> UserDirectories {
        UserDirectories(environment: environment.mapValues { Array($0.utf8) }) { account.map { Array($0.utf8) } }
    }

    @Test func `A base directory that is given is taken, whatever the home is`() throws {
        let given = directories(["HOME": "x", "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s"])
        #expect(try given.configuration == "/c/fdl")
        #expect(try given.state == "/s/fdl")
    }

    @Test func `Otherwise they lie in HOME, and without HOME in the account's home`() throws {
        let home = folder.path
        for given in [
            directories(["HOME": home], account: "/"), directories([:], account: home),
            directories(["HOME": "", "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""], account: home),
        ] {
            #expect(try given.configuration == "\(home)/.config/fdl")
            #expect(try given.state == "\(home)/.local/state/fdl")
        }
    }

    @Test(
        arguments: [
            ([:], nil, .noHome), ([:], "", .noHome), ([:], "/", .homeIsRoot("/")),
            (["HOME": "//."], nil, .homeIsRoot("//.")),
            (["HOME": "/none/such"], "/tmp", .homeMissing("/none/such")),
            (["HOME": "/dev/null"], nil, .homeMissing("/dev/null")), (["HOME": "h"], "/tmp", .notAbsolute("HOME", "h")),
            ([:], "h", .notAbsolute("the account's home directory", "h")),
        ] as [([String: String], String?, UserDirectoryError.Reason)]
    )
    func `Without a home it is refused, by the variable that helps`(
        environment: [String: String],
        account: String?,
        reason: UserDirectoryError.Reason
    ) {
        let given = directories(environment, account: account)
        let configuration = #expect(throws: UserDirectoryError.self) { try given.configuration }
        #expect(configuration?.reason == reason)
        #expect(configuration?.failure.exitCode == .configuration)
        #expect(configuration?.failure.hint?.contains("XDG_CONFIG_HOME") == true)
        let state = #expect(throws: UserDirectoryError.self) { try given.state }
        #expect(state?.failure.hint?.contains("XDG_STATE_HOME") == true)
    }

    @Test func `One that is relative is refused by its name`() {
        let given = directories(["HOME": folder.path, "XDG_CONFIG_HOME": "x", "XDG_STATE_HOME": "./s"])
        let expected = UserDirectoryError(variable: "XDG_CONFIG_HOME", reason: .notAbsolute("XDG_CONFIG_HOME", "x"))
        #expect(throws: expected) { try given.configuration }
        #expect(throws: UserDirectoryError.self) { try given.state }
        #expect(expected.failure.message == "XDG_CONFIG_HOME is \"x\", which is not an absolute path")
    }

    @Test func `Bytes that are not UTF-8 are refused, not mended`() {
        let bytes = Array("/caf".utf8) + [0xe9]
        for (environment, source) in [(["HOME": bytes], "HOME"), (["XDG_CONFIG_HOME": bytes], "XDG_CONFIG_HOME")] {
            let error = #expect(throws: UserDirectoryError.self) {
                try UserDirectories(environment: environment).configuration
            }
            #expect(error?.failure.exitCode == .usage)
            #expect(error?.failure.message == "\(source) is \"/caf\\xe9\", which is not UTF-8")
        }
    }

    @Test func `A path through a directory that is not UTF-8 is not made another`() throws {
        let odd =
            Array(folder.path.utf8CString.dropLast()) + "/caf".utf8.map { CChar($0) } + [CChar(bitPattern: 0xe9), 0]
        #expect(mkdir(odd, 0o700) == 0)
        #expect(symlink(odd, folder.path + "/link") == 0)
        defer { rmdir(odd) }
        let error = #expect(throws: SystemError.self) { try realPath(folder.path + "/link") }
        #expect(error?.code == EILSEQ)
        #expect(error?.failure.exitCode == .usage)
    }
}

import FDLCore
import FDLPublishing
import Testing

@Suite("What is told of a registry that is published into") struct RegistryFailureTests {
    private static let login =
        "give user name and password of somebody who may push for r.example in a netrc file with --netrc"
    private static let address = "check the address: a registry answers below https://r.example/v2/"
    private static let again = "run the same command again: what the registry has by now is not sent again"
    private static let browser =
        "open https://r.example/v2/ in a browser: the network may want a login first; if not, ask the registry's operator"

    /// The hint of every cause that a source can have.
    private func hint(_ error: SourceError) -> String {
        switch error {
        case .unreachable(.noAddress):
            "check the spelling of the host's name, and this machine's name service (DNS)"
        case .unreachable(.refused): "check host and port, and that the server runs there"
        case .unreachable(.other): "check this machine's network, and that the server is up"
        case .tls: "check this machine's clock; if it is right, the server's operator has to renew the certificate"
        case .timeout, .closedEarly, .status: Self.again
        case .lacking, .redirects, .led, .protocolViolation, .corrupt, .undecodable: Self.address
        case .webPage: Self.browser
        case .forbidden(403): "ask the registry's operator for the right to push there"
        case .forbidden: Self.login
        case .proxy(let fault):
            switch fault.reason {
            case .forbids:
                "ask whoever runs the proxy to let this host and port through, or publish into another registry"
            case .cannotReach:
                "check host and port, and whether the proxy may reach them, or publish into another registry"
            case .wantsLoginForSOCKS:
                "no login can be given to a SOCKS proxy: use a proxy of http://, or publish into another registry"
            // The same as for any source.
            default: error.failure.hint ?? ""
            }
        case .token(.address): "ask the registry's operator to have tokens given over https"
        case .token(.noToken), .token(.service(_, .webPage)): Self.browser
        case .token(.refused(let service)), .token(.service(let service, .forbidden)):
            service.isShownLogin
                ? "check the user name and the password for auth.example, and that they may push"
                : Self.login.replacing("r.example", with: "auth.example")
        case .token(.service(_, let error)): hint(error)
        }
    }

    @Test func `Every cause has a message and its own hint, and no option of another command`() throws {
        let repository = try Repository("oci://r.example/a")
        for error in SourceError.all {
            let failure = RegistryPublishingError.registry(error, repository).failure
            #expect(failure.message == "cannot publish into https://r.example/v2/a/: \(error)")
            #expect(failure.exitCode == error.failure.exitCode)
            #expect(failure.hint == hint(error), "\(error)")
            for option in ["--server", "--mirror", "--oci", "--header", "manifest file"] {
                #expect(failure.hint?.contains(option) == false, "\(error): \(failure.hint ?? "")")
            }
        }
    }

    @Test func `What is not the registry's`() throws {
        let repository = try Repository("oci://r.example/a")
        let older = RegistryPublishingError.older(version: 1, there: 2, repository).failure
        #expect(older.exitCode == .usage)
        #expect(older.message == "version 1 is older than 2, which is published in https://r.example/v2/a/")
        #expect(older.hint == "sign it again: readers who have seen 2 refuse what is older")
        let differs = TreeError.sourceDiffers(path: "x", offset: 7)
        #expect(RegistryPublishingError.local(differs).failure == differs.failure)
        #expect(RegistryPublishingError.cancelled.failure == .interrupted)
    }
}

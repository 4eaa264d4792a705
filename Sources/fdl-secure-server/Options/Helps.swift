import FDLCommand
import FDLCore

/// What the program's help says besides its options.
enum Helps {
    static let serve = HelpText(
        examples: [
            ("fdl-secure-server --cert server.pem --root /srv/pub", "what lies in /srv/pub, with its manifests"),
            (
                "fdl-secure-server --cert server.pem --root /srv/pub --listen 127.0.0.1:0",
                "on this machine alone, at a free port, which it says"
            ),
            ("kill -HUP PID", "read the certificate again, without a pause"),
        ],
        codes: [.usage, .localIO, .configuration]
    )
}

import FDLCommand
import FDLCore

/// What the commands' helps say besides their options.
enum Helps {
    static let get = HelpText(
        examples: [
            ("fdl-secure get big.iso.manifest.json", "from the sources that the manifest names; again, to go on"),
            (
                "fdl-secure get https://worker.example/ --publisher-key RW… -d /srv/pub --only '*.iso'",
                "part of what a worker publishes, signed by this key and no other"
            ),
            (
                "fdl-secure get https://worker.example/manifests/backup.tar.json -o - | tar x",
                "verified bytes in order, into another program"
            ),
            (
                "fdl-secure get -q --update https://worker.example/manifests/data.json -o /srv/data",
                "a line for cron: nothing happens unless there is a newer version"
            ),
        ],
        places: HelpText.Place.allCases,
        codes: [.usage, .integrity, .noSource, .cannotCreate, .localIO, .interrupted, .tls, .configuration]
    )

    static let verify = HelpText(
        examples: [
            ("fdl-secure verify big.iso.manifest.json", "big.iso, in this directory"),
            ("fdl-secure verify site.manifest.json /srv/site --only 'docs/**'", "some of a folder that lies elsewhere"),
            ("curl -s https://x.example/big.iso | fdl-secure verify big.iso.manifest.json -", "what comes by a pipe"),
        ],
        places: [.keys, .versions],
        codes: [.usage, .integrity, .localIO, .interrupted, .configuration]
    )

    static let list = HelpText(
        examples: [
            ("fdl-secure list site.manifest.json", "sizes and paths; x for what is executable"),
            ("fdl-secure list site.manifest.json --only '*.pdf' -q", "the files alone"),
            ("fdl-secure list https://worker.example/ --publisher-key RW… --json", "for a program"),
        ],
        places: [.keys],
        codes: [.usage, .integrity, .tls, .configuration]
    )

    static let inspect = HelpText(
        examples: [
            ("fdl-secure inspect big.iso.manifest.json", "who signed what, and until when it counts"),
            ("fdl-secure inspect https://worker.example/ --publisher-key RW…", "the same of what a worker publishes"),
            ("fdl-secure inspect big.iso.manifest.json --probe", "and how each source is"),
        ],
        places: [.keys, .proxies],
        codes: [.usage, .integrity, .tls, .configuration]
    )

    static let doctor = HelpText(
        examples: [
            ("fdl-secure doctor", "this machine, and whom you trust"),
            ("fdl-secure doctor big.iso.manifest.json", "its sources too"),
            ("fdl-secure doctor --json", "for a program"),
        ],
        places: [.keys, .versions, .proxies, .authorities],
        codes: [.usage, .integrity, .noSource, .tls, .configuration]
    )

    static let all = HelpText(
        examples: [
            ("fdl-secure trust add publisher.pub --label alice", "accept what this publisher signs"),
            ("fdl-secure get big.iso.manifest.json", "download, verify, resume"),
            ("fdl-secure verify big.iso.manifest.json", "check what is on disk"),
        ],
        places: HelpText.Place.allCases,
        codes: [.usage, .integrity, .noSource, .cannotCreate, .localIO, .interrupted, .tls, .configuration]
    )
}

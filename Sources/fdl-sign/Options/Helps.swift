import FDLCommand
import FDLCore

/// What the commands' helps say besides their options.
enum Helps {
    static let manifest = HelpText(
        examples: [
            ("fdl-sign manifest big.iso --source https://worker.example/", "sign a file that a worker will serve"),
            ("fdl-sign manifest site --name site --expires 90d", "sign a folder, for three months"),
            ("pass show release | fdl-sign manifest big.iso --key release.key --passphrase-file -", "in a script"),
        ],
        places: [.keys],
        codes: [.usage, .cannotCreate, .localIO, .interrupted, .configuration]
    )

    static let publish = HelpText(
        examples: [
            ("fdl-sign publish big.iso.manifest.json /srv/www/fdl", "for nginx, or any other server of that directory"),
            ("fdl-sign publish big.iso.manifest.json /srv/www/fdl --prune", "a new version; what is old goes in a day"),
            (
                "fdl-sign publish big.iso.manifest.json /mnt/a /mnt/b /mnt/c --replicas 2",
                "each chunk on two of the manifest's first three workers"
            ),
            ("fdl-sign publish --check /mnt/a /mnt/b /mnt/c", "how many good copies there are of each chunk"),
        ],
        places: [.keys],
        codes: [.usage, .integrity, .cannotCreate, .localIO, .interrupted, .configuration]
    )

    static let export = HelpText(
        examples: [
            (
                "fdl-sign export big.iso.manifest.json --format metalink4 --files-at https://m.example/ -o big.meta4",
                "for aria2c -M big.meta4"
            ),
            ("fdl-sign export big.iso.manifest.json --format sha256sums", "for sha256sum -c"),
        ],
        places: [.keys],
        codes: [.usage, .integrity, .cannotCreate, .localIO, .interrupted, .configuration]
    )

    static let keygen = HelpText(
        examples: [
            ("fdl-sign keygen", "your own key; signing makes it too, if there is none"),
            ("fdl-sign keygen -o release --passphrase-file <(pass show release)", "an encrypted one, elsewhere"),
            ("fdl-sign keygen --from agent:me@host -o me", "the public key of one that an SSH agent holds"),
        ],
        places: [.keys],
        codes: [.usage, .cannotCreate, .configuration]
    )

    static let verify = HelpText(
        examples: [
            ("fdl-sign verify big.iso.manifest.json", "by your own key and those you trust"),
            ("fdl-sign verify big.iso.manifest.json --publisher-key release.pub", "by this key and no other"),
            ("minisign -Vm big.iso.manifest.json -p release.pub", "the same, by minisign"),
        ],
        places: [.keys],
        codes: [.usage, .integrity, .configuration]
    )

    static let all = HelpText(
        examples: [
            ("fdl-sign manifest big.iso", "hash and sign; the first time it makes your key"),
            ("fdl-sign verify big.iso.manifest.json", "what is signed, and whether it holds"),
        ],
        places: [.keys],
        codes: [.usage, .integrity, .cannotCreate, .localIO, .interrupted, .configuration]
    )
}

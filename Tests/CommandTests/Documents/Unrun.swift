/// A command of a page that its test does not run, and why. All others are run.
struct Unrun: Sendable {
    let page: String
    /// What the command begins with.
    let command: String
    let reason: String

    private static let archive = "what it needs takes a release build: tools/test --all"
    private static let packages = "it takes root and a Debian of its own: tools/test --all"

    static let all: [Unrun] = [
        Unrun(page: "README.md", command: "mkdir -p ~/.local && tar", reason: archive),
        Unrun(page: "README.md", command: "sudo apt", reason: packages),
        Unrun(page: "README.md", command: "kill %1", reason: "the test stops its own workers"),
        Unrun(page: "README.md", command: "tools/install", reason: "InstallTests run it"),
        Unrun(page: "README.md", command: "tools/quickstart", reason: "QuickstartTests run it"),
        Unrun(page: "docs/hosting.md", command: "packaging/object-stores/", reason: "ObjectStorePublishTests run them"),
        Unrun(page: "docs/install.md", command: "tar", reason: archive),
        Unrun(page: "docs/install.md", command: "minisign", reason: archive),
        Unrun(page: "docs/install.md", command: "grep", reason: archive),
        Unrun(page: "docs/install.md", command: "apt", reason: packages),
        Unrun(page: "docs/install.md", command: "tools/install", reason: "InstallTests run it"),
        Unrun(page: "docs/install.md", command: "journalctl", reason: packages),
        Unrun(page: "docs/install.md", command: "chown root:fdl", reason: packages),
        Unrun(page: "docs/install.md", command: "systemctl", reason: packages),
        Unrun(page: "docs/install.md", command: "systemd-sysusers", reason: "it takes root, and changes the users"),
        Unrun(page: "docs/install.md", command: "install -D", reason: "it takes root, and what tools/install puts"),
        Unrun(page: "docs/install.md", command: "tools/make-", reason: archive),
        Unrun(page: "docs/operating.md", command: "useradd", reason: "it takes root, and changes the machine's users"),
        Unrun(page: "docs/operating.md", command: "chown fdl:", reason: "the user is not there"),
        Unrun(page: "docs/operating.md", command: "setfacl", reason: "the user is not there"),
        Unrun(page: "docs/operating.md", command: "certbot", reason: "it asks an authority on the internet"),
        Unrun(page: "docs/measuring.md", command: "tools/bench", reason: "it measures for minutes; BenchTests"),
        Unrun(page: "docs/measuring.md", command: "swift run -c release measure", reason: "it measures for minutes"),
        Unrun(page: "docs/scale.md", command: "swift run -c release measure", reason: "it takes a release build"),
        Unrun(page: "docs/scheduling.md", command: "swift test", reason: "the tests are what runs"),
    ]
}

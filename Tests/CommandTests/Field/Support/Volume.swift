import Glibc
import TestSupport

/// A file system of a test's own, mounted in the test's directory, and unmounted with its owner.
final class Volume: Sendable {
    /// What is mounted, and what is particular to it.
    enum Kind: String, CaseIterable, Sendable {
        case ext4, xfs, btrfs, tmpfs
        /// Layers: what is made lies in another file system than what was there.
        case overlay
        /// No owners, no modes, and names that differ in case alone are one.
        case exFAT
        case ntfs
        /// NTFS that takes names for one that differ in case alone, and lists them in lower case.
        case ntfsInLowerCase
        /// NTFS that takes no names that Windows would not.
        case ntfsOfWindows
        /// Modes that cannot be changed.
        case noChmod
        /// Everything belongs to one who is not the reader, whatever he does, and has one mode.
        case oneOwner
        /// Root is nobody there, as on most servers of NFS: what it makes is nobody's, and it may write nobody else's.
        case squashedRoot

        /// Mounts it on `$1`, with `$2` beside it for what it needs.
        fileprivate var script: String {
            switch self {
            case .ext4: Self.image("128M", "mkfs.ext4 -q -F") + "mount -o loop \"$2/image\" \"$1\""
            case .xfs: Self.image("320M", "mkfs.xfs -q") + "mount -o loop \"$2/image\" \"$1\""
            case .btrfs: Self.image("256M", "mkfs.btrfs -q") + "mount -o loop \"$2/image\" \"$1\""
            case .tmpfs: "mount -t tmpfs -o size=64m none \"$1\""
            case .overlay:
                // On a tmpfs: what lies below may be an overlay itself, as in a container, and they do not pile up.
                """
                mount -t tmpfs none "$2"
                mkdir "$2/lower" "$2/upper" "$2/work"
                mount -t overlay -o "lowerdir=$2/lower,upperdir=$2/upper,workdir=$2/work" none "$1"
                """
            case .exFAT:
                // A loop device that is let go while in use is free when its last user goes.
                Self.image("64M", "mkfs.exfat") + """
                    device=$(losetup -f --show "$2/image")
                    mount.exfat-fuse "$device" "$1" || { losetup -d "$device"; exit 1; }
                    losetup -d "$device"
                    """
            case .ntfs: Self.image("64M", "mkntfs -F -Q -q") + "ntfs-3g \"$2/image\" \"$1\""
            case .ntfsOfWindows:
                Self.image("64M", "mkntfs -F -Q -q") + "ntfs-3g -o windows_names \"$2/image\" \"$1\""
            case .ntfsInLowerCase:
                Self.image("64M", "mkntfs -F -Q -q") + "lowntfs-3g -o ignore_case \"$2/image\" \"$1\""
            case .noChmod: "mkdir \"$2/below\"; bindfs --chmod-deny \"$2/below\" \"$1\""
            case .oneOwner:
                """
                mkdir "$2/below"
                bindfs --force-user=nobody --perms=0777 --chmod-ignore --chown-ignore "$2/below" "$1"
                """
            case .squashedRoot:
                // An ordinary user may show others what he mounts where /etc/fuse.conf and /dev/fuse let him.
                """
                mkdir "$2/below"
                chown nobody "$1" "$2/below"
                chmod go+x "${2%/*}"
                echo user_allow_other >"$2/fuse.conf"
                mknod -m 0666 "$2/fuse" c 10 229
                exec 9</etc
                flock 9
                mount --bind "$2/fuse.conf" /etc/fuse.conf
                mount --bind "$2/fuse" /dev/fuse
                setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups \\
                    bindfs -o allow_other "$2/below" "$1" 9<&- && mounted=0 || mounted=$?
                umount -l /etc/fuse.conf /dev/fuse
                exit $mounted
                """
            }
        }

        private static func image(_ size: String, _ make: String) -> String {
            "truncate -s \(size) \"$2/image\"\n\(make) \"$2/image\" >/dev/null 2>&1\n"
        }
    }

    let path: String
    /// Where its image lies.
    let beside: String
    private let scene: Scene

    private init(_ name: String, in scene: Scene) throws {
        self.scene = scene
        path = scene.path(name)
        beside = scene.path(name + "-beside")
        try Files.makeDirectory(path)
        try Files.makeDirectory(beside)
    }

    /// Makes a file system and mounts it.
    static func mount(_ kind: Kind, in scene: Scene, as name: String = "volume") async throws -> Volume {
        try await mount(kind.script, in: scene, as: name)
    }

    /// Mounts what a script of a test's own mounts on `$1`; `$2` is a directory for what it needs.
    static func mount(_ script: String, in scene: Scene, as name: String = "volume") async throws -> Volume {
        let volume = try Volume(name, in: scene)
        try await volume.run(script)
        return volume
    }

    /// Unmounts and mounts again, so that nothing of it is left in memory.
    func remount(_ script: String) async throws {
        try await run("umount \"$1\"\n" + script)
    }

    /// Takes the disk from an ext4 or XFS: what it has not written yet is lost, its journal too.
    func shutDown() async throws {
        try await run("xfs_io -x -c shutdown \"$1\"")
    }

    /// Mounts what the file system has written to its disk so far, from a copy: a mount of the old one may live on in
    /// the namespace of another test, and with it what is in memory.
    func goBackToDisk(_ kind: Kind) async throws {
        try await run("cp --sparse=always \"$2/image\" \"$2/disk\"")
        // XFS refuses what has the identity of a mounted one.
        let options = kind == .xfs ? "loop,nouuid" : "loop"
        try await remount("mv \"$2/disk\" \"$2/image\"\nmount -o \(options) \"$2/image\" \"$1\"")
    }

    /// In a session of its own: what is left of a program's group is killed when the program has ended, and a FUSE
    /// file system may not have left it yet.
    private func run(_ script: String) async throws {
        let command = ["--wait", "sh", "-ec", script, "sh", path, beside]
        try await scene.must(.system("setsid"), command, by: .publisher)
    }

    deinit {
        // At once, whoever still looks into it.
        for place in [path, beside] { umount2(place, Int32(MNT_DETACH)) }
    }
}

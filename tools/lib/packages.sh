# Sourced by tools/test after debian.sh and release.sh: the packages and the archive, as people get them.

# The longest that such a system may run, in seconds.
readonly longest_boot=300

# in_debian ROOT COMMAND...: runs it there, among processes that end with it.
in_debian() {
    local root=$1 enter='mount -t proc proc "$1/proc" && shift && exec chroot "$@"'
    shift
    unshare -m -p --fork --kill-child --propagation private sh -c "$enter" sh "$root" "$root" /usr/bin/env -i \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@" </dev/null
}

# boot_debian ROOT: systemd in ROOT, as the first process of a system that has only itself for a network. Ends with the
# code that systemd ends with. A first process does not end by SIGTERM.
boot_debian() {
    PATH=/usr/sbin:/usr/bin:/sbin:/bin timeout --kill-after=1 "$longest_boot" \
        unshare -m -p -i -u -n -C --fork --kill-child --propagation private bash -euc '
        ip link set lo up
        groups=/sys/fs/cgroup
        kind=$(stat -f -c %T "$groups")
        mount --bind "$1" "$1"
        mount -t proc proc "$1/proc"
        mount -t sysfs -o ro sysfs "$1/sys"
        mount -t tmpfs tmpfs "$1/run"
        mount -t tmpfs tmpfs "$1/tmp"
        if [[ $kind == cgroup2fs ]]; then
            mount -t cgroup2 cgroup2 "$1$groups"
        else
            mount -t tmpfs tmpfs "$1$groups"
            mkdir "$1$groups/systemd" "$1$groups/unified"
            mount -t cgroup -o none,name=systemd cgroup "$1$groups/systemd"
            mount -t cgroup2 cgroup2 "$1$groups/unified"
        fi
        # In a mere chroot the kernel makes no namespace of users, as the service wants one.
        cd "$1" && pivot_root . mnt
        exec chroot . /bin/sh -c "umount -l /mnt && exec env -i container=fdl PATH=$PATH /lib/systemd/systemd"
        ' bash "$1" </dev/null
}

# packages_in_minimal_debian DIRECTORY PACKAGES: installs, runs, updates and purges the packages in the Debian that
# in_minimal_debian has made in DIRECTORY.
packages_in_minimal_debian() {
    local root=$1/debian packages=$2 next=$1/next code=0
    mkdir -p "$root/opt/packages" "$next"
    cp "$packages"/fdl_*.deb "$packages"/fdl-server_*.deb "$here/lib/packages-inside.sh" "$root/opt/packages/"
    # The next version: higher, and with other settings.
    dpkg-deb -R "$packages"/fdl-server_*.deb "$next"
    sed -i 's/^Version: .*/&+next/' "$next/DEBIAN/control"
    printf '{"root": "/srv/fdl", "self-signed": true, "hsts": true}\n' >"$next/etc/fdl/server.json"
    dpkg-deb --root-owner-group -Zgzip -b "$next" "$root/opt/packages/next.deb" >/dev/null
    in_debian "$root" sh /opt/packages/packages-inside.sh /opt/packages install
    boot_debian "$root" >"$1/boot.log" 2>&1 || code=$?
    cat "$root/opt/packages/said" 2>/dev/null || tail -n 20 "$1/boot.log"
    ((code == 0)) || fail $EX_SOFTWARE "the packages do not do what they should" "the lines above say what"
}

# same_archive_elsewhere DIRECTORY ARCHIVE: builds the archive again from a copy of the sources in another directory.
same_archive_elsewhere() {
    local copy=$1/elsewhere/of-another-name archive=$2
    mkdir -p "$copy"
    # The copy knows no commits.
    release_date "$here/.."
    git -C "$here/.." ls-files -z --cached --others --exclude-standard | tar -C "$here/.." --null -T - -c |
        tar -C "$copy" -x
    cp "$here/../Package.resolved" "$copy/"
    "$copy/tools/make-tarball" --out "$1/elsewhere"
    cmp "$archive" "$1/elsewhere/${archive##*/}" ||
        fail $EX_SOFTWARE "the archive differs when it is built elsewhere" "diffoscope says in what"
}

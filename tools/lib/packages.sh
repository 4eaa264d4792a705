# Sourced by tools/test after debian.sh: the packages and the archive, as people get them.

# in_minimal_debian's directory, in a mount namespace and among processes that end with the command.
in_debian() {
    local root=$1 enter='mount -t proc proc "$1/proc" && shift && exec chroot "$@"'
    shift
    unshare -m -p --fork --kill-child --propagation private sh -c "$enter" sh "$root" "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@" </dev/null
}

# packages_in_minimal_debian DIRECTORY PACKAGES: installs, runs, updates and purges the packages in the Debian that
# in_minimal_debian has made in DIRECTORY.
packages_in_minimal_debian() {
    local root=$1/debian packages=$2 next=$1/next
    mkdir -p "$root/opt/packages" "$next"
    cp "$packages"/fdl_*.deb "$packages"/fdl-server_*.deb "$root/opt/packages/"
    # The next version: higher, and with other settings.
    dpkg-deb -R "$packages"/fdl-server_*.deb "$next"
    sed -i 's/^Version: .*/&+next/' "$next/DEBIAN/control"
    printf '{"root": "/srv/fdl", "self-signed": true, "hsts": true}\n' >"$next/etc/fdl/server.json"
    dpkg-deb --root-owner-group -b "$next" "$root/opt/packages/next.deb" >/dev/null
    cp "$here/lib/packages-inside.sh" "$root/opt/packages/"
    in_debian "$root" sh /opt/packages/packages-inside.sh /opt/packages
}

# same_archive_elsewhere DIRECTORY ARCHIVE: builds the archive again from a copy of the sources in another directory.
same_archive_elsewhere() {
    local copy=$1/elsewhere/of-another-name archive=$2
    mkdir -p "$copy"
    git -C "$here/.." ls-files -z --cached --others --exclude-standard | tar -C "$here/.." --null -T - -c |
        tar -C "$copy" -x
    cp "$here/../Package.resolved" "$copy/"
    "$copy/tools/make-tarball" --out "$1/elsewhere"
    cmp "$archive" "$1/elsewhere/${archive##*/}" ||
        fail $EX_SOFTWARE "the archive differs when it is built elsewhere" "diffoscope says in what"
}

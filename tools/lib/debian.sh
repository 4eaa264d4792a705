# Sourced by tools/test after say.sh and setup.sh: the programs in a Debian that has nothing.

# in_minimal_debian DIRECTORY PROGRAMS: makes the smallest system of this machine's release in DIRECTORY, from where
# apt has its packages, and runs the programs in it. Nothing is built there: the libraries it lacks go along.
in_minimal_debian() {
    local root=$1/debian built=$2 codename site library
    need_packages debootstrap
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME-}")
    site=$(apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' 'Component: main' |
        awk -v codename="$codename" '$2 == codename { print $1; exit }')
    [[ -n $site ]] ||
        fail $EX_CONFIG "apt does not say where the packages of '$codename' are" "see /etc/apt/sources.list"
    debootstrap --variant=minbase "$codename" "$root" "$site" >"$1/debootstrap.log" 2>&1 || {
        tail -n 20 "$1/debootstrap.log" >&2
        fail $EX_UNAVAILABLE "debootstrap failed" "the lines above say why"
    }
    mkdir -p "$root/opt/fdl/lib" "$root/opt/fdl/work"
    for program in fdl-sign fdl-secure-server fdl-secure; do
        cp "$built/$program" "$root/opt/fdl/"
        libraries_of "$built/$program" | while read -r library; do
            if [[ ! -e $root$library ]]; then cp -n "$library" "$root/opt/fdl/lib/"; fi
        done
    done
    cp "$here/lib/smoke.sh" "$root/opt/fdl/"
    "$here/make-certs" --dir "$root/opt/fdl/certs" >/dev/null
    # A system's own /proc, in a mount namespace that ends with the command.
    unshare -m --propagation private sh -c 'mount -t proc proc "$1/proc" && shift && exec chroot "$@"' sh \
        "$root" "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root LD_LIBRARY_PATH=/opt/fdl/lib \
        sh /opt/fdl/smoke.sh /opt/fdl /opt/fdl/certs /opt/fdl/work </dev/null
}

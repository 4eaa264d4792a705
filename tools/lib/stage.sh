# Sourced by the tools after say.sh and setup.sh: a publisher with a signed file, and workers that serve it, all in a
# temporary directory that is gone at the end together with every process started here.

readonly programs=(fdl-sign fdl-secure-server fdl-secure)

# find_programs [DIR]: sets $bin to DIR, or to where a release build, made now, puts the programs.
find_programs() {
    local program root
    if [[ -n ${1-} ]]; then
        # Absolute: the tools change the directory.
        bin=$(cd "$1" 2>/dev/null && pwd) || fail $EX_USAGE "there is no directory $1" "leave --bin out to build the programs"
    else
        need_packages libssl-dev zlib1g-dev pkg-config
        need_swift
        root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
        say "building the programs (a release build takes some minutes the first time)"
        for program in "${programs[@]}"; do
            swift build --package-path "$root" -c release --product "$program" </dev/null
        done
        bin=$(swift build --package-path "$root" -c release --show-bin-path </dev/null)
    fi
    for program in "${programs[@]}"; do
        [[ -x $bin/$program ]] || fail $EX_CONFIG "there is no $program in $bin" "leave --bin out to build the programs"
    done
}

# parse_size TEXT: prints the bytes of 256MiB or the like.
parse_size() {
    [[ $1 =~ ^[0-9]+([KMG]iB)?$ ]] || fail $EX_USAGE "'$1' is not a size" "write it like 256MiB or 1GiB"
    numfmt --from=auto "${1%B}"
}

# open_stage BYTES FILES: makes $work, sees that there is room for so many files of that size, cleans up at the end.
open_stage() {
    local available
    # All of it is on this machine: a proxy of the person's is not on the way.
    unset https_proxy HTTPS_PROXY all_proxy ALL_PROXY
    work=$(mktemp -d)
    workers=()
    reader=
    trap close_stage EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    available=$(df --output=avail -B1 "$work" | tail -n 1)
    ((available > $1 * $2 + (64 << 20))) ||
        fail $EX_CANTCREAT "not enough room in $work for $2 files of $(numfmt --to=iec-i --suffix=B "$1")" \
            "take a smaller --size, or set TMPDIR"
}

close_stage() {
    local pid
    for pid in ${workers[@]+"${workers[@]}"} $reader; do kill -KILL "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf -- "$work"
}

# quietly COMMAND...: what it says is shown only where it fails.
quietly() {
    local code=0
    "$@" >"$work/said" 2>&1 </dev/null || code=$?
    if ((code != 0)); then
        cat "$work/said" >&2
        exit $code
    fi
}

# publish BYTES: certificates, a file of random bytes in $work/published, and its manifest, signed. The reader gets the
# manifest and the publisher's public key, and nothing else.
publish() {
    quietly "$here/make-certs" --dir "$work/certs"
    mkdir "$work/published" "$work/publisher" "$work/reader"
    head -c "$1" /dev/urandom >"$work/published/data.bin"
    export XDG_CONFIG_HOME=$work/publisher XDG_STATE_HOME=$work/publisher
    quietly "$bin/fdl-sign" keygen -o "$work/publisher/publisher"
    quietly "$bin/fdl-sign" manifest "$work/published/data.bin" --key "$work/publisher/publisher.key" \
        --ca "$work/certs/ca.pem"
    cp "$work/published/data.bin.manifest.json" "$work/published/data.bin.manifest.json.minisig" \
        "$work/publisher/publisher.pub" "$work/reader/"
    # From here on we are the reader.
    export XDG_CONFIG_HOME=$work/reader XDG_STATE_HOME=$work/reader
}

# start_workers COUNT: sets $workers to their processes and $urls to their addresses, each on a port of the system's
# choice.
start_workers() {
    local number url
    urls=()
    for ((number = 0; number < $1; number++)); do
        "$bin/fdl-secure-server" --cert "$work/certs/server.pem" --root "$work/published" --listen 127.0.0.1:0 \
            >"$work/worker$number" 2>"$work/worker$number.log" </dev/null &
        workers+=($!)
        disown  # or bash would announce the death of the one that is killed for the show
    done
    for ((number = 0; number < $1; number++)); do
        url=
        until [[ -n $url ]]; do
            url=$(sed -n 's/^listening on \(https:[^ ]*\).*/\1/p' "$work/worker$number" | head -n 1)
            if [[ -n $url ]]; then break; fi
            if ! kill -0 "${workers[number]}" 2>/dev/null; then
                cat "$work/worker$number.log" >&2
                fail $EX_SOFTWARE "a worker did not start" "the lines above say why"
            fi
            sleep 0.02
        done
        urls+=("$url")
    done
}

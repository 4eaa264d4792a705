# Sourced by tools/fuzz and tools/test after say.sh, in the package's directory: how the fuzzers are built and run.

# The program that has all fuzzers; build_fuzzers sets it.
fuzzer=

# build_fuzzers: in a directory of their own, since all that they test is built with sanitizers. Optimised, since a
# fuzzer finds the more the more often it runs.
build_fuzzers() {
    local options=(--scratch-path .build/fuzz --product fuzz --sanitize=address -Xswiftc -sanitize=fuzzer -Xswiftc -O)
    FDL_FUZZ=1 swift build "${options[@]}" </dev/null
    fuzzer=$(FDL_FUZZ=1 swift build "${options[@]}" --show-bin-path </dev/null)/fuzz
}

# fuzz NAME SECONDS: runs one of them on its seeds and on what it has found before.
fuzz() {
    local corpus=.build/fuzz-corpus/$1 log
    mkdir -p "$corpus"
    log=$corpus.log
    # What OpenSSL and zlib keep until the process ends is no leak of ours, and the leak check needs ptrace, which
    # containers often lack.
    if ! ASAN_OPTIONS=detect_leaks=0 "$fuzzer" "$1" -max_total_time="$2" -timeout=20 -rss_limit_mb=2048 \
        -artifact_prefix="$corpus/" -print_final_stats=1 "$corpus" "Fuzz/Seeds/$1" >"$log" 2>&1 </dev/null; then
        grep -E 'ERROR|SUMMARY|Fatal error|Test unit written' "$log" >&2 || tail -n 20 "$log" >&2
        fail "$EX_SOFTWARE" "the fuzzer $1 has found something" "the input is in $corpus, the whole of it in $log"
    fi
    say "fuzzed $1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $2 s, nothing found"
}

# fuzz_all SECONDS: runs each of them for so long, as many at a time as there are cores. A failure of one ends it once
# those that run beside it are done.
fuzz_all() {
    local name failed=no
    local -a running=()
    for name in $("$fuzzer"); do
        if ((${#running[@]} >= $(nproc))); then
            wait "${running[0]}" || failed=yes
            running=("${running[@]:1}")
        fi
        if [[ $failed == yes ]]; then break; fi
        fuzz "$name" "$1" &
        running+=($!)
    done
    for name in "${running[@]}"; do wait "$name" || failed=yes; done
    if [[ $failed == yes ]]; then fail "$EX_SOFTWARE" "a fuzzer has found something" "see above which"; fi
}

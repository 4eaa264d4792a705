# Sourced by tools/test after say.sh: builds and runs under one of the sanitizers, if one was asked for.

# none, thread or address.
sanitizer=none
# The options of `swift build` that go with it.
sanitizing=()

# sanitize: chooses how to build. The linker is lld, since gold fails on what the address sanitizer makes.
sanitize() {
    if [[ $sanitizer == none ]]; then return 0; fi
    sanitizing=(--scratch-path ".build/$sanitizer" "--sanitize=$sanitizer" -Xswiftc -use-ld=lld)
}

# watch_reports: has every program write what its sanitizer finds to a file of its own in $place/reports, whoever runs it
# and whatever becomes of its output.
watch_reports() {
    if [[ $sanitizer == none ]]; then return 0; fi
    mkdir -m 1777 "$place/reports"
    cp "$here/lib/thread.supp" "$place/thread.supp"
    chmod a+r "$place/thread.supp"
    # A report does not end the program: the test that made it is to go on, and to say what it says. What OpenSSL keeps
    # until the end is no leak of ours, and the leak check needs ptrace, which nobody has.
    export TSAN_OPTIONS="suppressions=$place/thread.supp:log_path=$place/reports/thread:exitcode=0"
    export ASAN_OPTIONS="detect_leaks=0:log_path=$place/reports/address:exitcode=0:halt_on_error=0"
}

# check_reports: fails if there is any.
check_reports() {
    local found
    if [[ $sanitizer == none ]]; then return 0; fi
    found=$(find "$place/reports" -type f -size +0 | sort)
    if [[ -z $found ]]; then
        say "the $sanitizer sanitizer has nothing to report"
        return 0
    fi
    xargs -r -d '\n' cat <<<"$found" | grep -E '^SUMMARY' | sort | uniq -c | sort -rn >&2 || true
    rm -rf ".build/$sanitizer-reports"
    cp -r "$place/reports" ".build/$sanitizer-reports"
    fail $EX_SOFTWARE "the $sanitizer sanitizer has $(wc -l <<<"$found") files of reports" \
        "they are in .build/$sanitizer-reports"
}

# Sourced by tools/test after say.sh: builds and runs under one of the sanitizers, if one was asked for.

# none, thread or address.
sanitizer=none
# The options of `swift build` that go with it.
sanitizing=()

# sanitize: chooses how to build. The linker is lld, since gold fails on what the address sanitizer makes.
sanitize() {
    if [[ $sanitizer == none ]]; then return 0; fi
    local directory=$PWD/.build/$sanitizer compiler
    mkdir -p "$directory"
    # The one that the toolchain brings.
    compiler=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang
    "$compiler" -c -O1 -fPIC -D"sanitizer_$sanitizer" "$here/lib/sanitizer.c" -o "$directory/sanitizer.o"
    sanitizing=(
        --scratch-path ".build/$sanitizer" "--sanitize=$sanitizer" -Xswiftc -use-ld=lld
        -Xlinker "$directory/sanitizer.o"
    )
}

# watch_reports: has every program write what its sanitizer finds to a file of its own in $place/reports, whoever runs
# it and whatever becomes of its output.
watch_reports() {
    if [[ $sanitizer == none ]]; then return 0; fi
    mkdir -m 1777 "$place/reports"
    cp "$here/lib/thread.supp" "$place/thread.supp"
    chmod a+r "$place/thread.supp"
    # For the tests themselves.
    export FDL_TEST_SANITIZER=$sanitizer
    # The thread sanitizer's report does not end the program: the test that made it is to go on, and to say what it
    # says.
    export TSAN_OPTIONS="suppressions=$place/thread.supp:exitcode=0:log_path=$place/reports/thread"
    # What OpenSSL keeps until the end is no leak of ours, and the leak check needs ptrace, which nobody has.
    export ASAN_OPTIONS="detect_leaks=0:log_path=$place/reports/address"
}

# keep_reports: copies what there is of them to where the next run begins anew. Sets $reported to how many files.
reported=0
keep_reports() {
    local found
    if [[ $sanitizer == none || ! -d $place/reports ]]; then return 0; fi
    rm -rf ".build/$sanitizer-reports"
    found=$(find "$place/reports" -type f -size +0 | sort)
    if [[ -z $found ]]; then return 0; fi
    reported=$(wc -l <<<"$found")
    mkdir ".build/$sanitizer-reports"
    xargs -r -d '\n' cp -t ".build/$sanitizer-reports" <<<"$found"
}

# check_reports: fails if there is any.
check_reports() {
    if [[ $sanitizer == none ]]; then return 0; fi
    keep_reports
    if ((reported == 0)); then
        say "the $sanitizer sanitizer has nothing to report"
        return 0
    fi
    cat ".build/$sanitizer-reports"/* | grep -E '^SUMMARY' | sort | uniq -c | sort -rn >&2 || true
    fail $EX_SOFTWARE "the $sanitizer sanitizer has $reported files of reports" "they are in .build/$sanitizer-reports"
}

# Sourced by tools/test after say.sh: as whom which tests run. Wants $built, where the programs and the test bundle are,
# $peers, where those are that are no packages, and $place, a directory that is gone at the end.

# The name of the test bundle that `swift build --build-tests` makes.
readonly bundle=fdlPackageTests.xctest
# What the bundle ends with where no test has the name that was asked for: EX_UNAVAILABLE, by swift-testing.
readonly EX_NO_TESTS=69

# Whether a group may have no test to run, as where a person asks for tests by name; how many had one; after how many
# minutes without a word they are taken to hang; whether one was left out.
may_be_empty=no
ran=0
silence=20
left_out=no

# may_mount: whether this is root that may mount file systems. A container's root may not.
may_mount() {
    (($(id -u) == 0)) && unshare -m --propagation private mount -t tmpfs none /mnt 2>/dev/null
}

# unprivileged COMMAND...: runs it as nobody, with no capability now or later.
unprivileged() {
    setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups --bounding-set=-all --inh-caps=-all \
        --no-new-privs "$@"
}

# libraries_of PROGRAM: the shared libraries it is linked with, one path a line.
libraries_of() {
    ldd "$1" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p'
}

# give_to_nobody: copies what the tests run to where nobody can read it, for the sources may lie in a directory that is
# root's alone, and gives nobody a home.
give_to_nobody() {
    local library
    mkdir "$place/built" "$place/home" "$place/tmp" "$place/libraries"
    cp "$built/$bundle" "$built"/fdl-sign "$built"/fdl-secure-server "$built"/fdl-secure "$built"/EmbedClient \
        "$built"/EmbedWorker "$built"/EmbedPublisher "$built"/generate-manual "$place/built/"
    cp -r "$here" "$place/tools"
    cp -r "$here/../packaging" "$place/packaging"
    cp -r "$here/../docs" "$here/../Sources" "$here/../Examples" "$here/../README.md" "$here/../LICENSE" "$place"
    mkdir "$place/Tests" "$place/certs"
    cp "$here/../certs/README.md" "$place/certs/"
    cp -r "$here/../Tests/Vectors" "$here/../Tests/Pictures" "$place/Tests"
    mkdir "$place/peers"
    cp "$peers/bin/weed" "$peers/bin/axe.min.js" "$place/peers/"
    PATH=$PATH:$place/peers
    chmod 0755 "$place"
    chmod -R a+rX "$place/built" "$place/tools" "$place/packaging" "$place/docs" "$place/Sources" "$place/Tests" \
        "$place/peers" "$place/certs" "$place/Examples" "$place/README.md" "$place/LICENSE"
    chown nobody "$place/home" "$place/tmp"
    unprivileged test -x "$place/tools/test" ||
        fail $EX_CONFIG "the user nobody cannot reach $place" "set TMPDIR to a directory that every user may enter"
    # The toolchain may lie where only root looks, too.
    libraries_of "$built/$bundle" | while read -r library; do
        unprivileged test -r "$library" || cp "$library" "$place/libraries/"
    done
    chmod -R a+rX "$place/libraries"
}

# end_if_silent EVENTS: ends the tests that write EVENTS if they have had nothing to say for so many minutes that they
# wait for what never comes, and names those that had begun.
end_if_silent() {
    while sleep 20 >/dev/null 2>&1; do
        if [[ $(find "$1" -mmin "+$silence" 2>/dev/null) ]]; then
            say "nothing happens any more; these had begun and not ended:"
            python3 "$here/lib/unended.py" "$1" >&2
            pkill -KILL -f -- "$1" || :
        fi
    done
}

# forget_dead_clocks: removes what a faketime left that was killed: it would keep the next one of that process id from
# starting.
forget_dead_clocks() {
    local shared
    for shared in /dev/shm/faketime_shm_*; do
        if [[ -e $shared && ! -e /proc/${shared##*_} ]]; then
            rm -f "$shared" "/dev/shm/sem.faketime_sem_${shared##*_}" 2>/dev/null || :
        fi
    done
}

# run COMMAND... : runs the chosen tests.
run() {
    local code=0 watch events
    # Whoever runs the tests writes it.
    events=$(mktemp -d "$place/events.XXXXXX")
    chmod 0777 "$events"
    events+=/events
    end_if_silent "$events" &
    watch=$!
    "$@" --testing-library swift-testing --event-stream-output-path "$events" --event-stream-version 0 \
        "${chosen[@]}" </dev/null || code=$?
    kill "$watch" || :
    # Said to be waited for, so that the shell does not tell of its end.
    wait "$watch" 2>/dev/null || :
    if ((code == EX_NO_TESTS)); then
        [[ $may_be_empty == yes ]] ||
            fail $EX_SOFTWARE "no test is meant by ${chosen[*]}" "a suite was renamed, and tools/test was not"
        return 0
    fi
    ran=$((ran + 1))
    return $code
}

# as_user OPTION...: runs tests as an ordinary user.
as_user() {
    local chosen=("$@")
    if (($(id -u) != 0)); then
        run "$built/$bundle"
        return
    fi
    say "as nobody, without capabilities: tests $*"
    # Nothing of root's own: its home, its temporary directory.
    run unprivileged env -u XDG_CONFIG_HOME -u XDG_STATE_HOME -C "$place/home" HOME="$place/home" TMPDIR="$place/tmp" \
        LD_LIBRARY_PATH="$place/libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
        FDL_TEST_UNPRIVILEGED=1 FDL_TEST_SOURCES="$place" "$place/built/$bundle"
}

# as_root OPTION...: runs tests as root, where that may mount. Mounts and processes end with them: they have namespaces
# of their own.
as_root() {
    local chosen=("$@")
    if ! may_mount; then
        if [[ ${CI-} == true ]]; then
            fail $EX_CONFIG "RootTests have to run in CI, and nothing can be mounted here" \
                "run tools/test as root with CAP_SYS_ADMIN"
        fi
        left_out=yes
        return 0
    fi
    say "as root: tests $*"
    # The shell is process 1 there, and the tests are not: signals mean to them what they mean anywhere.
    # From the copy too: some of them run the programs as somebody else.
    run env FDL_TEST_SOURCES="$place" unshare -m -p --fork --kill-child --mount-proc --propagation private \
        sh -c '"$@"; exit $?' sh "$place/built/$bundle"
}

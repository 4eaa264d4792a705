# Sourced by the tools: how they speak and how they stop. Like the commands, a failure is one line that says what
# happened and one that says what to do.

say() { printf '%s\n' "$*"; }

# fail CODE MESSAGE [HINT]
fail() {
    printf 'error: %s\n' "$2" >&2
    if [ -n "${3-}" ]; then printf 'hint: %s\n' "$3" >&2; fi
    exit "$1"
}

# The exit codes the tools use, named as in sysexits.h.
# shellcheck disable=SC2034
readonly EX_USAGE=64 EX_DATAERR=65 EX_UNAVAILABLE=69 EX_SOFTWARE=70 EX_CANTCREAT=73 EX_CONFIG=78

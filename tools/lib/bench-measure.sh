# Sourced by tools/bench: taking measurements, and the table.
#
# A series is a file in $work/series, later in $work/results, with one number a round, so that line N of two series were
# measured side by side.

# note SERIES NUMBER
note() { printf '%s\n' "$2" >>"$work/series/$1"; }

# run NAME PROGRAM [ARGUMENT]...: runs it and adds to the series NAME-wall (s), NAME-cpu (s) and NAME-memory (MiB).
run() {
    local name=$1 wall cpu memory code
    shift
    "$measure" run "$work/measured" "$@" >"$work/said" 2>&1 || true
    read -r wall cpu memory code < <(tail -n 1 "$work/measured")
    if [[ $code != 0 ]]; then
        tail -n 5 "$work/said" >&2
        fail $EX_SOFTWARE "${1##*/} ended with $code in the measurement $name" "see $work with --keep"
    fi
    note "$name-wall" "$wall"
    note "$name-cpu" "$cpu"
    note "$name-memory" "$(calculate "$memory / 1024")"
}

calculate() { awk "BEGIN { printf \"%.6f\", $1 }"; }

# cpu_of PID...: the CPU seconds these processes and their children have used so far, to the nanosecond: the ticks in
# /proc/PID/stat are too coarse to be added up over many threads.
cpu_of() {
    local tasks
    # shellcheck disable=SC2046 # numbers
    tasks=$(printf '/proc/%s/task/*/schedstat ' $(family_of "$@"))
    # shellcheck disable=SC2086 # patterns
    cat $tasks | awk '{ sum += $1 } END { printf "%.6f", sum / 1e9 }'
}

# resident_of PID...: KiB of memory these processes and their children hold.
resident_of() {
    cat $(family_of "$@" | sed 's,.*,/proc/&/status,') | awk '/^VmRSS:/ { sum += $2 } END { print sum }'
}

family_of() {
    local pid
    for pid in "$@"; do
        printf '%s\n' "$pid"
        pgrep -P "$pid" || true
    done
}

# run_served SERIES UNITS PID... -- COMMAND...: runs one of ours and adds the servers' CPU seconds, divided by UNITS.
run_served() {
    local series=$1 units=$2 pids=() before after
    shift 2
    while [[ $1 != -- ]]; do pids+=("$1"); shift; done
    shift
    before=$(cpu_of "${pids[@]}")
    "$@"
    after=$(cpu_of "${pids[@]}")
    note "$series" "$(calculate "($after - $before) / $units")"
}

# --- Data ---------------------------------------------------------------------------------------------------------

# random_stream BYTES SEED: the same bytes each time, and no two blocks alike.
random_stream() {
    openssl enc -aes-128-ctr -K "$(printf '%032x' "$2")" -iv 0 -nosalt -in /dev/zero 2>/dev/null | head -c "$1"
}

random_file() { random_stream "$1" "${3-1}" >"$2" || true; }

# random_files COUNT BYTES DIRECTORY
random_files() {
    mkdir "$3"
    { random_stream $(($1 * $2)) 2 || true; } | (cd "$3" && split -b "$2" -a 6 -d - file-)
}

# --- Results ------------------------------------------------------------------------------------------------------

facts() {
    local cpu
    cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    say ""
    say "machine   $(nproc) cores, ${cpu:-unknown CPU}; $(extensions)"
    say "memory    $(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo); files on $(stat -f -c %T "$work")"
    say "system    Linux $(uname -r), $(openssl version | cut -d' ' -f1-2), Swift $(swift --version 2>/dev/null |
        sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)"
    say "peers     $(nginx -v 2>&1 | sed 's/.*: //'), $(aria2c --version | head -n 1), $(wget2 --version | head -n 1 |
        cut -d' ' -f2-3), $(curl --version | cut -d' ' -f1-2 | head -n 1)"
    say "code      $(git -C "$here/.." describe --always --dirty 2>/dev/null || say unknown)"
}

extensions() {
    local name found=()
    for name in sha_ni aes vaes pclmulqdq vpclmulqdq avx2 avx512f sha2 pmull; do
        if grep -m 1 -iE '^(flags|features)' /proc/cpuinfo | grep -qw "$name"; then found+=("$name"); fi
    done
    say "extensions: ${found[*]-none}"
}

median() {
    sort -g | awk '{ value[NR] = $1 } END { if (NR) print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
}

table() {
    say ""
    printf '%-52s %12s %12s  %6s %6s %15s  %s\n' row ours peer ratio paired 'min…max' reach
    local row
    for row in "${chosen[@]}"; do "row_$row"; done
    say ""
    say "ours and peer: medians. ratio: of the medians. paired: the median of the ratios of each round, with their range."
}

# compare TITLE UNIT OURS PEER REACH: one line of the table from two series.
compare() {
    local ours=$work/results/$3 peer=$work/results/$4 ratios
    if [[ ! -s $ours || ! -s $peer ]]; then
        printf '%-52s %s\n' "$1" "not measured"
        return
    fi
    ratios=$(paste "$ours" "$peer" | awk '$2 > 0 { print $1 / $2 }')
    printf '%-52s %12s %12s  %6.2f %6.2f %15s  %s\n' "$1" "$(median <"$ours" | show "$2")" \
        "$(median <"$peer" | show "$2")" \
        "$(awk "BEGIN { print $(median <"$ours") / $(median <"$peer") }")" \
        "$(median <<<"$ratios")" \
        "$(sort -g <<<"$ratios" | awk 'NR == 1 { low = $1 } { high = $1 } END { printf "%.2f…%.2f", low, high }')" "$5"
}

# alone TITLE UNIT SERIES REACH: one line of the table with no peer.
alone() {
    local ours=$work/results/$3
    if [[ ! -s $ours ]]; then
        printf '%-52s %s\n' "$1" "not measured"
        return
    fi
    printf '%-52s %12s %12s  %6s %6s %15s  %s\n' "$1" "$(median <"$ours" | show "$2")" – – – \
        "$(sort -g "$ours" | awk 'NR == 1 { low = $1 } { high = $1 } END { printf "%.2f…%.2f", low, high }')" "$4"
}

# show UNIT: a number with three figures or so.
show() { awk -v unit="$1" '{ printf ($1 < 10 ? "%.3f %s" : $1 < 1000 ? "%.1f %s" : "%.0f %s"), $1, unit }'; }

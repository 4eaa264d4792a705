# Sourced by tools/bench: what is measured, in groups whose contestants take turns, and the rows made of it.

readonly all_rows=(get get-cpu unverified workers files chunks sign verify resume floor memory idle handshakes small
    folder many tiny manifest plan)
readonly slow_rows=(memory many tiny)

group_of() {
    case $1 in
        get | get-cpu | unverified | workers | chunks | floor) say get ;;
        sign | verify | resume) say hash ;;
        *) say "$1" ;;
    esac
}

# choose_rows LIST QUICK: sets chosen and groups.
choose_rows() {
    local row group
    chosen=() groups=()
    for row in ${1//,/ }; do
        [[ " ${all_rows[*]} " == *" $row "* ]] || fail $EX_USAGE "there is no row '$row'" "they are: ${all_rows[*]}"
        chosen+=("$row")
    done
    if [[ -z $1 ]]; then
        for row in "${all_rows[@]}"; do
            if [[ $2 == no || " ${slow_rows[*]} " != *" $row "* ]]; then chosen+=("$row"); fi
        done
    fi
    for row in "${chosen[@]}"; do
        group=$(group_of "$row")
        if [[ " ${groups[*]-} " != *" $group "* ]]; then groups+=("$group"); fi
    done
}

# wanted ROW...: whether one of these is chosen.
wanted() {
    local row
    for row in "$@"; do
        if [[ " ${chosen[*]} " == *" $row "* ]]; then return 0; fi
    done
    return 1
}

# take_turns FUNCTION [ROUNDS]: once to warm up, uncounted, then once a round.
take_turns() {
    local round
    for ((round = 0; round <= ${2-rounds}; round++)); do
        "$1"
        if ((round == 0)); then rm -f "$work"/series/*; fi
    done
    # What was measured is safe from the next group's warming up.
    mv "$work"/series/* "$work/results/"
    fresh
}

# --- Downloads of the large file -----------------------------------------------------------------------------------

group_get() { take_turns turn_get; }

turn_get() {
    local gib
    gib=$(calculate "$mebibytes / 1024")
    fresh
    run_served mirrors-cpu "$gib" "${mirror_pids[@]}" -- get_mirrors get large
    if wanted get get-cpu; then
        fresh
        aria2 aria2 large -s 4 -x 4
    fi
    if wanted unverified; then
        fresh
        wget2_plain wget2 large "${mirrors[0]}/large"
        fresh
        curl_plain curl large "${mirrors[0]}/large"
        note plain-wall "$(tail -qn 1 "$work"/series/{wget2,curl}-wall | sort -g | head -n 1)"
    fi
    if wanted workers chunks; then
        fresh
        run_served workers-cpu "$gib" "${worker_pids[@]}" -- get_workers get-workers large
    fi
    if wanted floor; then
        fresh
        note_floor "$gib"
    fi
}

note_floor() {
    local sha gcm socket file direct
    read -r sha gcm socket file direct < <("$measure" floor "$work/out/floor" "$mebibytes")
    note floor-sha "$sha"
    note floor-gcm "$gcm"
    note floor-socket "$socket"
    note floor-file "$file"
    note floor-direct "$direct"
    note floor "$(calculate "$sha + $gcm + $socket + $file")"
    note floor-past-cache "$(calculate "$sha + $gcm + $socket + $direct")"
    note get-cpu-gib "$(calculate "$(tail -n 1 "$work/series/get-cpu") / $1")"
}

row_get() { compare "get, four mirrors: wall (aria2c, piece digests)" s get-wall aria2-wall "≤ 0.40"; }
row_get-cpu() { compare "get, four mirrors: CPU (aria2c)" s get-cpu aria2-cpu "≤ 0.50"; }
row_unverified() {
    compare "get, four mirrors: wall (unverified, best of two)" s get-wall plain-wall "≤ 1.00"
    compare "  wget2" s get-wall wget2-wall ""
    compare "  curl" s get-wall curl-wall ""
}
row_workers() { compare "get from workers: wall (from mirrors)" s get-workers-wall get-wall "≤ 1.05"; }
row_chunks() { compare "worker: CPU per GiB of chunks (nginx as mirror)" s workers-cpu mirrors-cpu "≤ 1.05"; }
row_floor() {
    compare "get, four mirrors: CPU per GiB (floor)" s get-cpu-gib floor "≤ 1.25"
    compare "  the same (floor with the file past the page cache)" s get-cpu-gib floor-past-cache ""
    alone "  floor: SHA-256" s floor-sha ""
    alone "  floor: AES-128-GCM" s floor-gcm ""
    alone "  floor: socket" s floor-socket ""
    alone "  floor: file, through the page cache" s floor-file ""
    alone "  floor: file, past the page cache" s floor-direct ""
}

# --- Whole files from one server ------------------------------------------------------------------------------------

group_files() { take_turns turn_files; }

turn_files() {
    local gib
    gib=$(calculate "$mebibytes / 1024")
    run_served files-worker "$gib" "${worker_pids[0]}" -- run curl-worker \
        curl -sf --cacert "$ca" -o /dev/null "${workers[0]}/files/large"
    run_served files-nginx "$gib" "${mirror_pids[0]}" -- run curl-nginx \
        curl -sf --cacert "$ca" -o /dev/null "${mirrors[0]}/large"
}

row_files() {
    compare "worker: CPU per GiB of files to curl (nginx)" s files-worker files-nginx "≤ 1.00"
    compare "  the same, wall" s curl-worker-wall curl-nginx-wall ""
}

# --- Hashing of the large file --------------------------------------------------------------------------------------

group_hash() {
    # The partial output as an interrupted download leaves it, but for its last chunk.
    head -c $((bytes - (1 << 20))) "$work/data/large" >"$work/partial"
    take_turns turn_hash
    rm -f "$work/partial"
}

turn_hash() {
    if wanted sign; then
        run sign "$bin/fdl-sign" manifest "$work/data/large" -o "$work/out/large.manifest.json" --chunk-size 1MiB
    fi
    run openssl openssl dgst -sha256 "$work/data/large"
    if wanted verify; then
        run verify "$bin/fdl-secure" verify "$work/data/large.manifest.json" "$work/data/large"
    fi
    if wanted resume; then
        fresh
        cp "$work/partial" "$work/out/large.fdl-part"
        sync "$work/out/large.fdl-part"
        get_with resume large --mirror "${mirrors[0]}/"
    fi
    fresh
}

row_sign() { compare "fdl-sign manifest: wall (openssl dgst -sha256)" s sign-wall openssl-wall "≤ 0.55"; }
row_verify() { compare "fdl-secure verify: wall (openssl dgst)" s verify-wall openssl-wall "≤ 0.55"; }
row_resume() { compare "get, all but one chunk there: wall (openssl dgst)" s resume-wall openssl-wall "≤ 0.55"; }

# --- Memory of a download -------------------------------------------------------------------------------------------

group_memory() {
    local large=$((8 << 30))
    if [[ $quick == yes ]]; then large=$((bytes * 4)); fi
    random_file $large "$work/data/larger" 3
    "$bin/fdl-sign" manifest "$work/data/larger" --chunk-size 1MiB >/dev/null 2>&1
    # It hardly varies, and the large file takes a while.
    take_turns turn_memory 2
    rm -f "$work"/data/larger*
}

turn_memory() {
    fresh
    get_mirrors memory-normal large --connections 1
    fresh
    get_mirrors memory-large larger --connections 1
}

row_memory() {
    compare "get, 4 connections: MiB resident, 8 GiB ($size)" MiB memory-large-memory memory-normal-memory "0.90…1.10"
    alone "  the larger of the two" MiB memory-large-memory "≤ 48"
}

# --- Connections ----------------------------------------------------------------------------------------------------

group_idle() { take_turns turn_idle; }

# Each time anew: what a server once had in use it hardly ever gives back.
turn_idle() {
    start_worker
    note idle-worker "$(idle_memory "$started_pid" "$started_url" /files/small)"
    stop "$started_pid"
    start_nginx
    note idle-nginx "$(idle_memory "$started_pid" "$started_url" /small)"
    stop "$started_pid"
}

# idle_memory PID URL TARGET: KiB resident for each of 500 connections that have had one answer.
idle_memory() {
    local before after port=${2##*:}
    "$measure" idle "$port" 8 "$3" </dev/null >/dev/null
    before=$(resident_of "$1")
    coproc holder { exec "$measure" idle "$port" 500 "$3"; }
    read -r _ <&"${holder[0]}"
    after=$(resident_of "$1")
    exec {holder[1]}>&-
    wait "$holder_PID"
    calculate "($after - $before) / 500"
}

row_idle() { compare "worker: memory of an idle connection (nginx)" KiB idle-worker idle-nginx "≤ 1.5"; }

group_handshakes() { take_turns turn_handshakes; }

turn_handshakes() {
    handshakes worker "${worker_pids[0]}" "${workers[0]}"
    handshakes nginx "${mirror_pids[0]}" "${mirrors[0]}"
}

# handshakes NAME PID URL: full handshakes a second from two clients at once, and the server's CPU for each.
handshakes() {
    local address=${3#https://} before after seconds=2 count client clients=()
    before=$(cpu_of "$2")
    for client in 1 2; do
        openssl s_time -connect "$address" -new -time $seconds >"$work/s_time-$client" 2>&1 &
        clients+=($!)
    done
    wait "${clients[@]}"
    after=$(cpu_of "$2")
    count=$(sed -n 's/^\([0-9]*\) connections in .* real seconds.*/\1/p' "$work"/s_time-[12] | awk '{ sum += $1 } END { print sum }')
    note "handshakes-$1" "$(calculate "$count / $seconds")"
    note "handshake-cpu-$1" "$(calculate "($after - $before) * 1000 / $count")"
}

row_handshakes() {
    compare "worker: new connections a second (nginx)" /s handshakes-worker handshakes-nginx "≥ 0.9"
    compare "  CPU for each" ms handshake-cpu-worker handshake-cpu-nginx ""
}

# --- Small files ----------------------------------------------------------------------------------------------------

# So short that it takes more turns to tell them apart.
group_small() { take_turns turn_small $((rounds * 4)); }

turn_small() {
    fresh
    get_with small-get small --mirror "${mirrors[0]}/"
    fresh
    curl_plain small-curl small "${mirrors[0]}/small"
}

row_small() { compare "get, one file of 4 KiB: wall (curl)" s small-get-wall small-curl-wall "≤ 2.5"; }

group_folder() {
    mkdir "$work/kept"
    take_turns turn_folder
    rm -rf -- "$work/kept"
}

turn_folder() {
    get_mirrors folder-get folder
    set_aside
    aria2 folder-aria2 folder -j 16 -s 1
    set_aside
}

row_folder() { compare "get, 1,000 files of 64 KiB: wall (aria2c)" s folder-get-wall folder-aria2-wall "≤ 0.5"; }

group_many() {
    local count=100000
    if [[ $quick == yes ]]; then count=20000; fi
    small_folder many $count 4096
    take_turns turn_many 3
    rm -rf -- "$work/kept" "$work"/data/many*
}

turn_many() {
    get_mirrors many-get many
    set_aside
    # shellcheck disable=SC2016 # the inner shell's
    run many-cp sh -c 'cp -r "$1" "$2" && sync -f "$2"' copy "$work/data/many" "$work/out/many"
    set_aside
}

row_many() { compare "get, many files of 4 KiB: wall (cp -r and sync -f)" s many-get-wall many-cp-wall "≤ 1.5"; }

group_tiny() {
    small_folder tiny 200000 59
    take_turns turn_tiny 1
    rm -rf -- "$work/kept" "$work"/data/tiny*
}

turn_tiny() {
    get_mirrors tiny tiny
    set_aside
}

row_tiny() { alone "get, 200,000 files of 59 bytes: MiB resident" MiB tiny-memory "≤ 64"; }

# small_folder NAME COUNT SIZE: made and signed, and a place for what was downloaded of it.
small_folder() {
    random_files "$2" "$3" "$work/data/$1"
    "$bin/fdl-sign" manifest "$work/data/$1" --chunk-size "$(chunk_size_of "$1")" >/dev/null 2>&1 ||
        fail $EX_SOFTWARE "fdl-sign could not sign $work/data/$1" "see it with --keep"
    # What has just been made is not to be written out in what is measured.
    sync -f "$work/data"
    mkdir "$work/kept"
}

# --- The largest jobs -----------------------------------------------------------------------------------------------

group_manifest() {
    "$measure" make-manifest "$work/largest.manifest.json" 1048576
    take_turns turn_manifest
}

turn_manifest() {
    run manifest "$measure" manifest "$work/largest.manifest.json"
    note manifest-seconds "$(tail -n 1 "$work/said")"
}

row_manifest() {
    alone "manifest of 1,048,576 chunks: parse and check" s manifest-seconds "≤ 1.5"
    alone "  peak memory" MiB manifest-memory "≤ 256"
}

group_plan() { take_turns turn_plan; }

turn_plan() {
    local decision event
    # Of a gigabyte of memory: what a decision costs, not what waiting for memory adds, which is the third.
    read -r decision event < <("$measure" plan 1048576 64 1024)
    note plan-large "$decision"
    note plan-event "$event"
    read -r decision event < <("$measure" plan 65536 64 1024)
    note plan-small "$decision"
    read -r decision event < <("$measure" plan 1048576 64 16)
    note plan-bound "$decision"
}

row_plan() {
    compare "plan: a decision of 1,048,576 chunks (of 65,536)" µs plan-large plan-small "≤ 1 µs, flat"
    alone "  with 16 MiB of memory, all in use, as in get" µs plan-bound ""
    alone "  an event of 1,048,576 chunks" µs plan-event ""
}

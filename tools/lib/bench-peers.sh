# Sourced by tools/bench: the servers, and the commands of every contestant.

# All TLS is with the cipher our worker prefers, so that no contestant wins by another one.
readonly nginx_ciphers=TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256

chunk_size_of() { if [[ $1 == large ]]; then say 1MiB; else say 64KiB; fi; }

start_servers() {
    local index
    mirrors=() mirror_pids=() workers=() worker_pids=()
    for index in 1 2 3 4; do
        start_nginx
        mirrors+=("$started_url") mirror_pids+=("$started_pid")
        start_worker
        workers+=("$started_url") worker_pids+=("$started_pid")
    done
}

# start_nginx: sets started_url and started_pid.
start_nginx() {
    local directory port user=
    directory=$(mktemp -d "$work/nginx.XXXXXX")
    port=$("$measure" ports 1)
    if [[ $(id -u) == 0 ]]; then user="user $(id -un);"; fi
    cat >"$directory/nginx.conf" <<CONF
$user
daemon off;
worker_processes auto;
pid nginx.pid;
error_log error.log;
events { worker_connections 2048; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    ssl_conf_command Ciphersuites $nginx_ciphers;
    ssl_certificate $work/certs/server.pem;
    ssl_certificate_key $work/certs/server.key;
    server {
        listen 127.0.0.1:$port ssl backlog=1024;
        root $work/data;
    }
}
CONF
    nginx -p "$directory" -c nginx.conf -e "$directory/error.log" >"$directory/said" 2>&1 &
    started_pid=$! started_url=https://127.0.0.1:$port
    servers+=("$started_pid")
    await "nginx did not start" curl -sf --cacert "$ca" -o /dev/null "$started_url/small"
}

# start_worker: sets started_url and started_pid.
start_worker() {
    local said
    said=$(mktemp "$work/worker.XXXXXX")
    "$bin/fdl-secure-server" --cert "$work/certs/server.pem" --root "$work/data" --listen 127.0.0.1:0 \
        --log-level error >"$said" 2>"$said.log" &
    started_pid=$!
    servers+=("$started_pid")
    await "fdl-secure-server did not start" grep -q '^listening on' "$said"
    started_url=$(sed -n 's,^listening on \(.*\)/$,\1,p' "$said" | head -n 1)
    await "fdl-secure-server does not answer" curl -sf --cacert "$ca" -o /dev/null "$started_url/files/small"
}

# stop PID
stop() {
    kill -TERM "$1"
    wait "$1" || true
}

# await MESSAGE COMMAND...: until the command succeeds, for ten seconds.
await() {
    local message=$1 attempt
    shift
    for attempt in {1..100}; do
        if "$@" 2>/dev/null; then return 0; fi
        sleep 0.1
    done
    fail $EX_UNAVAILABLE "$message" "see it with --keep"
}

# --- Metalinks, with the digests of our manifests as the pieces' ---------------------------------------------------

make_metalinks() {
    metalink large 1048576 "$work/data/large.manifest.json" >"$work/large.meta4"
    metalink folder 65536 "$work/data/folder.manifest.json" >"$work/folder.meta4"
}

# metalink INPUT PIECE MANIFEST: RFC 5854, for aria2c.
metalink() {
    say '<?xml version="1.0" encoding="UTF-8"?><metalink xmlns="urn:ietf:params:xml:ns:metalink">'
    tr ',' '\n' <"$3" | awk -v piece="$2" -v prefix="$([[ $1 == folder ]] && say folder/)" -v mirrors="${mirrors[*]}" '
        function finish(  i) {
            if (!open) return
            print "</pieces>"
            for (i = 1; i <= count; i++) print "<url>" url[i] "/" prefix path "</url>"
            print "</file>"
        }
        BEGIN { count = split(mirrors, url, " ") }
        match($0, /"path" *: *"[^"]*"/) { finish(); path = substr($0, RSTART, RLENGTH); sub(/^"path" *: *"/, "", path); sub(/"$/, "", path) }
        match($0, /"size" *: *[0-9]+/) {
            size = substr($0, RSTART, RLENGTH); sub(/.*: */, "", size); open = 1
            print "<file name=\"" path "\"><size>" size "</size><pieces length=\"" piece "\" type=\"sha-256\">"
        }
        match($0, /"[0-9a-f]+"/) && RLENGTH == 66 && open { print "<hash>" substr($0, RSTART + 1, 64) "</hash>" }
        END { finish() }
    '
    say '</metalink>'
}

# --- The contestants ----------------------------------------------------------------------------------------------

fresh() { rm -rf -- "$work/out" && mkdir "$work/out"; }

# set_aside: the same, but nothing is removed yet. Without a journal ext4 does not give out the inode of a file removed
# in the last minute: with thousands of those it would be its search for another that is measured.
set_aside() { mv "$work/out" "$(mktemp -d "$work/kept/XXXXXX")" && mkdir "$work/out"; }

# from OPTION URL...: the option before each
from() {
    local option=$1
    shift
    printf -- "$option\n%s\n" "$@"
}

# get_mirrors SERIES INPUT [OPTION]...: a mirror of a folder is the folder's own address.
get_mirrors() { get_with "$@" $(from --mirror "${mirrors[@]/%//$([[ -d $work/data/$2 ]] && say "$2/")}"); }
get_workers() { get_with "$@" $(from --server "${workers[@]/%//}"); }

# get_with SERIES INPUT OPTION...
get_with() {
    local name=$1 input=$2
    shift 2
    run "$name" "$bin/fdl-secure" get "$work/data/$input.manifest.json" -o "$work/out/$input" --cacert "$ca" --quiet "$@"
}

# aria2 SERIES INPUT OPTION...: checks each piece as it comes, as its default is.
aria2() {
    local name=$1 input=$2
    shift 2
    run "$name" aria2c --no-conf --quiet --ca-certificate="$ca" --dir="$work/out" --file-allocation=falloc \
        --auto-save-interval=0 --metalink-file="$work/$input.meta4" "$@"
}

wget2_plain() { run "$1" wget2 -q --no-config --ca-certificate="$ca" -O "$work/out/$2" "$3"; }
curl_plain() { run "$1" curl -sf --cacert "$ca" -o "$work/out/$2" "$3"; }

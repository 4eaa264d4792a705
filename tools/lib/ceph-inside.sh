#!/usr/bin/env bash
# Run by ceph.sh, as root in namespaces of its own: puts a published tree into Ceph's object store with each tool that
# docs/hosting.md names, and reads it there. Usage: ceph-inside.sh PROGRAMS SCRIPTS DIRECTORY; the scripts are those of
# packaging/object-stores.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/say.sh"
. "$here/ceph-store.sh"
programs=$1 scripts=$(cd "$2" && pwd)
cd "$3"
authority=$PWD/certs/ca.pem
# What hangs for so many seconds fails. Nothing here takes a tenth of it.
readonly longest_run=600

# --- The tools, as a person has set them up, and a bucket for each.

readonly tools=(rclone s3cmd aws)
export AWS_ACCESS_KEY_ID=$store_key AWS_SECRET_ACCESS_KEY=$store_secret AWS_DEFAULT_REGION=us-east-1
export RCLONE_CONFIG=$PWD/rclone.conf

set_tools_up() {
    cat >rclone.conf <<CONF
[store]
type = s3
provider = Ceph
access_key_id = $store_key
secret_access_key = $store_secret
endpoint = https://$store_host
CONF
    cat >s3cfg <<CONF
[default]
access_key = $store_key
secret_key = $store_secret
host_base = $store_host
host_bucket = $store_host/%(bucket)
use_https = True
ca_certs_file = $authority
CONF
}

# aws_s3 ARGUMENT...: what docs/hosting.md says of checksums is set here alone, for put_and_read shows that aws.sh does.
aws_s3() {
    quietly env AWS_REQUEST_CHECKSUM_CALCULATION=when_required aws s3 "$@" --endpoint-url "https://$store_host" \
        --ca-bundle "$authority"
}

# put TOOL BUCKET public|private: the tree, by the script of that tool. Who may read an object is said with each.
put() {
    local tool=$1 bucket=$2 options=()
    case $tool in
        rclone)
            if [[ $3 == public ]]; then options=(--s3-acl public-read); fi
            quietly timeout "$longest_run" "$scripts/rclone.sh" tree "store:$bucket/releases" --ca-cert "$authority" \
                "${options[@]}"
            ;;
        s3cmd)
            if [[ $3 == public ]]; then options=(--acl-public); fi
            quietly timeout "$longest_run" "$scripts/s3cmd.sh" tree "s3://$bucket/releases" -q -c s3cfg "${options[@]}"
            ;;
        aws)
            if [[ $3 == public ]]; then options=(--acl public-read); fi
            quietly timeout "$longest_run" "$scripts/aws.sh" tree "s3://$bucket/releases" \
                --endpoint-url "https://$store_host" --ca-bundle "$authority" --only-show-errors "${options[@]}"
            ;;
    esac
}

# url_of BUCKET: where the tree is there, for anybody.
url_of() { printf 'https://%s/%s/releases/' "$store_host" "$1"; }

# ask ARGUMENT...: a request of anybody's.
ask() { curl -sS --max-time "$longest_run" --cacert "$authority" "$@"; }

# status URL: the code that anybody gets.
status() { ask -o /dev/null -w '%{http_code}' "$1"; }

# has_head URL FIELD: whether anybody gets that line.
has_head() { ask -I "$1" | tr -d '\r' | grep -ixF "$2" >/dev/null; }

# --- What the gateway was asked, by its own log.

gateway_log=$PWD/store/log/gateway.log

# puts BUCKET LINE: the paths below the tree that were put into the bucket, from that line of the log on, in order.
puts() { tail -n "+$2" "$gateway_log" | sed -n "s,.*\"PUT /$1/releases/\\([^ ]*\\) HTTP/1.1\" 200 .*,\\1,p"; }

# check_order BUCKET LINE: that no reader could have found a manifest before its chunks or its signature.
check_order() {
    local ends=$((SECONDS + longest_run)) fault
    # It is written behind the answer.
    until puts "$1" "$2" | grep -x 'manifests/index.json' >/dev/null; do
        ((SECONDS < ends)) || fail "$EX_SOFTWARE" "$1: the gateway's log has no index that was put"
        sleep 0.1
    done
    fault=$(puts "$1" "$2" | awk '
        ended { print $0 " was put behind the index"; exit }
        /\.gz$/ { print $0 " was put, which no store chooses by itself"; exit }
        /^(chunks|files)\// { bytes += 1; if (listed) { print $0 " was put behind a manifest"; exit } }
        /^manifests\// { listed = 1 }
        /^manifests\/.*\.minisig$/ { signed[substr($0, 1, length($0) - 8)] = 1 }
        /^manifests\/index\.json$/ { ended = 1; next }
        /^manifests\/.*\.json$/ && !signed[$0] { print $0 " was put before its signature"; exit }
        END { if (!bytes) print "no chunk was put" }')
    [[ -z $fault ]] || fail "$EX_SOFTWARE" "$1: $fault"
}

# --- Readers.

get() {
    timeout "$longest_run" "$programs/fdl-secure" get --publisher-key publisher.pub --cacert "$authority" "$@" \
        </dev/null
}

# gets ORIGINAL ARGUMENT...: that `get` with these gives the same bytes, of a file or of a folder.
gets() {
    local original=$1
    shift
    rm -rf got
    quietly get "$@" -o got
    diff -r "$original" got >/dev/null || fail "$EX_SOFTWARE" "other bytes than $original came from: $*"
}

# refuses CODE TEXT ARGUMENT...: that `get` with these ends with that code and says so, and leaves no output.
refuses() {
    local code=0 wanted=$1 text=$2
    shift 2
    rm -rf got
    get "$@" -o got >said 2>&1 || code=$?
    if ((code != wanted)) || ! grep -qF "$text" said; then
        cat said >&2
        fail "$EX_SOFTWARE" "it ended with $code, and should have with $wanted, saying '$text': $*"
    fi
    [[ ! -e got ]] || fail "$EX_SOFTWARE" "refused, and an output is there: $*"
}

# publish VERSION OPTION...: a version of a text and of a folder into the tree.
publish() {
    local version=$1 what
    shift
    for what in lines.txt album; do
        quietly "$programs/fdl-sign" manifest "$what" --key publisher.key --chunk-size 64KiB --version "$version"
        quietly "$programs/fdl-sign" publish "$what.manifest.json" tree --publisher-key publisher.pub --precompress "$@"
    done
}

# chunk_of MANIFEST: the path below the tree of the first chunk that it lists, and no other manifest does.
chunk_of() {
    local digest others
    others=$(grep -L "\"name\": *\"$1\"" tree/manifests/*.json)
    while read -r digest; do
        # shellcheck disable=SC2086 # paths of our own making, without spaces
        if [[ -e tree/chunks/${digest:0:2}/$digest ]] && ! grep -q "$digest" $others; then
            printf 'chunks/%s/%s' "${digest:0:2}" "$digest"
            return
        fi
    done < <(grep -oE '[0-9a-f]{64}' "tree/manifests/$1.json")
    fail "$EX_SOFTWARE" "the manifest of $1 lists no chunk of its own"
}

# --- What holds.

# put_and_read: each tool's bucket, from nothing.
put_and_read() {
    local tool url chunk line
    chunk=$(chunk_of album)
    for tool in "${tools[@]}"; do
        url=$(url_of "$tool")
        line=$(($(wc -l <"$gateway_log") + 1))
        aws_s3 mb "s3://$tool"
        put "$tool" "$tool" public
        check_order "$tool" "$line"
        has_head "$url$chunk" 'Cache-Control: public, max-age=31536000, immutable' ||
            fail "$EX_SOFTWARE" "$tool: a chunk's Cache-Control is not what a cache needs"
        has_head "${url}manifests/album.json" 'Cache-Control: no-cache' ||
            fail "$EX_SOFTWARE" "$tool: a manifest's Cache-Control is not no-cache"
        [[ $(status "${url}manifests/none.json") == 403 ]] ||
            fail "$EX_SOFTWARE" "$tool: what is not there is answered $(status "${url}manifests/none.json"), not 403"
        gets lines.txt "${url}manifests/lines.txt.json"
        gets album "${url}manifests/album.json"
        gets lines.txt "${url}files/lines.txt"
        gets lines.txt lines.txt.manifest.json --mirror "${url}files/"
        say "$tool: put there, chunks first and the index last, and read"
    done
}

# lose_and_spoil: a chunk that is gone from a bucket, then one that has other bytes.
lose_and_spoil() {
    local chunk digest here_is there_is
    here_is=$(url_of rclone) there_is=$(url_of s3cmd)
    chunk=$(chunk_of album) digest=${chunk##*/}
    aws_s3 rm "s3://rclone/releases/$chunk"
    [[ $(status "$here_is$chunk") == 403 ]] || fail "$EX_SOFTWARE" "a chunk that is gone is not answered with 403"
    refuses 69 'no source can give 1 chunk' "${here_is}manifests/album.json"
    gets album "${here_is}manifests/album.json" --server "$there_is"
    say "a chunk that is gone (403): refused, and fetched where another bucket has it"

    # As many bytes, all of them zero.
    head -c "$(stat -c %s "tree/$chunk")" /dev/zero >spoilt
    aws_s3 cp spoilt "s3://rclone/releases/$chunk" --acl public-read
    [[ $(status "$here_is$chunk") == 200 ]] || fail "$EX_SOFTWARE" "the spoilt chunk $digest is not there"
    refuses 65 'wrong bytes' "${here_is}manifests/album.json"
    gets album "${here_is}manifests/album.json" --server "$there_is"
    say "a chunk that is spoilt: refused, and fetched where another bucket has it"
    aws_s3 cp "tree/$chunk" "s3://rclone/releases/$chunk" --acl public-read
    gets album "${here_is}manifests/album.json"
}

# put_again: the next version, and what it no longer needs removed.
put_again() {
    local tool url old line
    old=$(chunk_of lines.txt)
    seq 700001 1300000 >lines.txt
    publish 2 --prune --grace 0
    [[ ! -e tree/$old ]] || fail "$EX_SOFTWARE" "the tree still has $old"
    for tool in "${tools[@]}"; do
        url=$(url_of "$tool")
        [[ $(status "$url$old") == 200 ]] || fail "$EX_SOFTWARE" "$tool: $old is not there"
        line=$(($(wc -l <"$gateway_log") + 1))
        PRUNE=1 put "$tool" "$tool" public
        check_order "$tool" "$line"
        gets lines.txt "${url}manifests/lines.txt.json"
        gets album "${url}manifests/album.json"
        [[ $(status "$url$old") == 403 ]] || fail "$EX_SOFTWARE" "$tool: $old was not removed"
    done
    say "the next version: put there by each, read, and what it does not need removed"
}

# signed_query SECONDS: what is good for all below the private tree, so long from now, or no longer.
signed_query() {
    local ends=$(($(date +%s) + $1)) signature
    signature=$(printf 'GET\n%s\nprefix:/swift/v1/private/releases/' "$ends" |
        openssl dgst -sha1 -hmac "$store_query_key" | sed 's/.*= //')
    printf 'temp_url_sig=%s&temp_url_expires=%s&temp_url_prefix=releases/' "$signature" "$ends"
}

# read_privately: a bucket of which nobody may read without being known. The gateway shows it in a second way, Swift's,
# in which one signature is good for many objects.
read_privately() {
    local tree=https://$store_host/swift/v1/private/releases/
    aws_s3 mb s3://private
    put aws private private
    refuses 77 'refused access (403)' "$(url_of private)manifests/lines.txt.json"
    refuses 77 'refused access (403)' lines.txt.manifest.json --server "$(url_of private)"

    gets lines.txt "${tree}manifests/lines.txt.json?$(signed_query 3600)"
    gets album album.manifest.json --server "$tree?$(signed_query 3600)"
    gets lines.txt lines.txt.manifest.json --mirror "${tree}files/?$(signed_query 3600)"
    refuses 77 'refused access (401)' "${tree}manifests/lines.txt.json?$(signed_query -60)"
    refuses 77 'refused access (401)' lines.txt.manifest.json --server "$tree?$(signed_query -60)"
    grep -qF "does not take what --header, --netrc or the URL's query gives" said ||
        fail "$EX_SOFTWARE" "a query that has expired: it does not say what was not taken"
    if grep -q temp_url_sig said; then fail "$EX_SOFTWARE" "the message has the query, which is secret"; fi
    say "a private bucket: read by a signed query, refused without one and by one that has expired"

    ask --fail -o /dev/null -D answer -H "X-Auth-User: $store_user" -H "X-Auth-Key: $store_password" \
        "https://$store_host/auth/v1.0"
    tr -d '\r' <answer | grep -i '^X-Auth-Token: ' >field || fail "$EX_SOFTWARE" "the gateway gives no token"
    gets lines.txt "${tree}manifests/lines.txt.json" --header @field
    gets album album.manifest.json --server "$tree" --header @field
    refuses 77 'refused access (401)' album.manifest.json --server "$tree" --header 'X-Auth-Token: AUTH_rgwtk00'
    say "a private bucket: read by a token in a header, refused by a wrong one"
}

# has_said TEXT: whether the download that runs has.
has_said() { grep -q "$1" events; }

# until_it_says TEXT: waits for that of the download that runs.
until_it_says() {
    until has_said "$1"; do
        if ! kill -0 "$reader" 2>/dev/null; then
            cat events >&2
            fail "$EX_SOFTWARE" "the download ended before it said '$1'"
        fi
        sleep 0.05
    done
}

# survive_a_kill: the gateway is gone in the middle of a download, and comes back.
survive_a_kill() {
    local code=0
    rm -rf got
    : >events
    # At that rate it takes four seconds, and it tells how far it is in each.
    get "$(url_of aws)manifests/lines.txt.json" --json --limit-rate 1M -o got >>events 2>&1 &
    reader=$!
    until_it_says '"event":"progress"'
    kill -KILL "$gateway"
    wait "$gateway" 2>/dev/null || :
    until_it_says '"event":"source".*"failing"'
    start_gateway
    wait "$reader" || code=$?
    if ((code != 0)) || ! has_said '"event":"done".*"failed":[1-9]'; then
        cat events >&2
        fail "$EX_SOFTWARE" "the download ended with $code after the gateway was killed and had come back"
    fi
    cmp -s lines.txt got || fail "$EX_SOFTWARE" "other bytes came when the gateway was killed in between"
    say "the gateway killed in the middle of a download, and started again: finished, and the same bytes"
}

ip link set lo up
# Of the machine's own Ceph nothing is read, and nothing can be written.
for directory in /etc/ceph /var/lib/ceph /var/log/ceph; do
    if [[ -d $directory ]]; then mount -t tmpfs -o ro none "$directory"; fi
done
open_store "$PWD/store" "$PWD/certs"
say "$(radosgw --version | sed 's/^ceph version \([^ ]*\) .*/Ceph \1/'): runs"
set_tools_up
seq 700000 >lines.txt
mkdir -p album/notes
head -c 1000000 /dev/urandom >album/noise.bin
seq 100000 >album/notes/numbers
quietly "$programs/fdl-sign" keygen -o publisher
publish 1
put_and_read
lose_and_spoil
put_again
read_privately
survive_a_kill

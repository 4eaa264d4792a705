# Sourced by ceph-inside.sh after say.sh: Ceph as one monitor, one OSD that keeps its objects in memory, and the gateway
# (radosgw) with TLS. No manager, no systemd. Its ports are fixed: it wants a network of its own.

# What readers and tools are told of it.
readonly store_host=127.0.0.1:7480 store_key=store-key store_secret=store-secret
# By what a query is signed that is good for all below a prefix.
readonly store_query_key=store-query-key
# Who may read by a token.
readonly store_user=publisher:reader store_password=store-password
# The longest that anything of it may take, in seconds. The gateway makes its pools at its first start.
readonly longest_start=180
# The process of each part, as start_part sets it.
# shellcheck disable=SC2034
mon='' osd='' gateway=''

# quietly COMMAND...: what it says is shown only where it fails, which ends the script.
quietly() {
    "$@" >"$store/said" 2>&1 </dev/null || {
        tail -n 30 "$store/said" >&2
        fail "$EX_SOFTWARE" "failed: $*" "the lines above say why"
    }
}

# open_store DIRECTORY CERTIFICATES: starts all of it, with everything that it writes in DIRECTORY, and makes a user.
# What fails ends the script.
open_store() {
    local system disk
    store=$1 certificates=$2
    mkdir -p "$store/mon" "$store/osd" "$store/rgw" "$store/run" "$store/log"
    system=$(cat /proc/sys/kernel/random/uuid) disk=$(cat /proc/sys/kernel/random/uuid)
    write_settings "$system" >"$store/ceph.conf"
    # Every program of Ceph's reads it: none looks into /etc/ceph.
    export CEPH_CONF=$store/ceph.conf
    make_keys
    quietly monmaptool --create --fsid "$system" --addv a '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]' "$store/monmap"
    quietly ceph-mon --mkfs -i a --monmap "$store/monmap" --keyring "$store/keyring"
    start_part mon ceph-mon -f -i a
    await_part mon monitor_answers
    quietly timeout "$longest_start" ceph osd new "$disk"
    quietly ceph-osd --mkfs -i 0 --osd-uuid "$disk"
    start_part osd ceph-osd -f -i 0
    await_part osd osd_is_up
    # The machine's own name may be one that Ceph does not take.
    quietly timeout "$longest_start" ceph osd crush add osd.0 1.0 root=default host=store
    start_gateway
    administer user create --uid publisher --display-name publisher --access-key "$store_key" --secret "$store_secret"
    administer user modify --uid publisher --temp-url-key "$store_query_key"
    administer subuser create --uid publisher --subuser "$store_user" --access read \
        --key-type swift --secret "$store_password"
}

administer() { quietly timeout "$longest_start" radosgw-admin -n client.rgw "$@"; }

# write_settings SYSTEM: prints Ceph's configuration.
write_settings() {
    local served=$certificates/server
    cat <<CONF
[global]
fsid = $1
mon host = [v2:127.0.0.1:3300,v1:127.0.0.1:6789]
public network = 127.0.0.0/8
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
# With none of it the gateway waits for ever.
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = $store/keyring
run dir = $store/run
# None: a socket's path has to be short, and the directory's may be long.
admin socket =
pid file = $store/run/\$name.pid
crash dir = $store/run
log file = $store/log/\$type.log
mon cluster log file = $store/log/cluster.log
# One of each: nothing is kept twice, and no manager is there to say how many parts a pool has.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
# However full the machine's disk is.
mon data avail crit = 1
mon data avail warn = 1
mon data = $store/mon
osd data = $store/osd
osd crush update on start = false
osd objectstore = memstore
memstore device bytes = 1073741824
osd op num shards = 1
osd op num threads per shard = 1
[client.rgw]
log file = $store/log/gateway.log
rgw frontends = beast ssl_endpoint=$store_host ssl_certificate=$served.pem ssl_private_key=$served.key
rgw data = $store/rgw
rgw thread pool size = 16
CONF
}

# make_keys: by which the parts know each other.
make_keys() {
    local keyring=$store/keyring
    quietly ceph-authtool --create-keyring "$keyring" --gen-key -n mon. --cap mon 'allow *'
    quietly ceph-authtool "$keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
    quietly ceph-authtool "$keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *'
    quietly ceph-authtool "$keyring" --gen-key -n client.rgw --cap mon 'allow rwx' --cap osd 'allow rwx'
}

# start_part NAME COMMAND...: one of mon, osd and gateway, in the foreground of a process of its own.
start_part() {
    local name=$1
    shift
    "$@" >>"$store/log/$name.said" 2>&1 </dev/null &
    printf -v "$name" '%s' $!
}

# await_part NAME COMMAND...: until COMMAND succeeds; fails, with what the part has written last, if that ends before or
# takes longer than anything can.
await_part() {
    local name=$1 ends=$((SECONDS + longest_start))
    shift
    until "$@"; do
        if ! kill -0 "${!name}" 2>/dev/null; then
            tail -n 15 "$store/log/$name".* >&2
            fail "$EX_SOFTWARE" "Ceph's $name has ended" "the lines above are its last"
        fi
        if ((SECONDS > ends)); then
            tail -n 15 "$store/log/$name".* >&2
            fail "$EX_SOFTWARE" "Ceph's $name is not ready after $longest_start seconds" "the lines above are its last"
        fi
        sleep 0.2
    done
}

monitor_answers() { timeout 10 ceph quorum_status >/dev/null 2>&1; }

osd_is_up() { timeout 10 ceph osd stat 2>/dev/null | grep ' 1 up' >/dev/null; }

start_gateway() {
    start_part gateway radosgw -f -n client.rgw
    await_part gateway curl -s --max-time 10 -o /dev/null --cacert "$certificates/ca.pem" "https://$store_host/"
}

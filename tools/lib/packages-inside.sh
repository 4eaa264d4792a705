#!/bin/sh
# Run by packages.sh in a Debian that has nothing, in two parts: before that system runs, and as a service of it once it
# does. Usage: packages-inside.sh DIRECTORY install|live
set -eu
packages=$1
export DEBIAN_FRONTEND=noninteractive HOME=/root
fail() { printf 'error: %s\n' "$1" >&2; exit 70; }
# quietly COMMAND...: what it says is shown only where it fails.
quietly() { "$@" >/tmp/log 2>&1 </dev/null || { tail -n 30 /tmp/log >&2; fail "$*"; }; }
# until_true COMMAND...: for up to a minute.
until_true() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || { journalctl --no-pager -u fdl-secure-server >&2; fail "it does not come to that: $*"; }
        sleep 0.1
    done
}
# process: the worker's.
process() { systemctl show -P MainPID fdl-secure-server.service; }

if [ "$2" = install ]; then
    # Nothing can be started yet.
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 0755 /usr/sbin/policy-rc.d
    quietly apt-get update
    quietly apt-get install -y --no-install-recommends "$packages"/fdl_*.deb "$packages"/fdl-server_*.deb
    rm /usr/sbin/policy-rc.d
    rm -f /etc/systemd/system/getty.target.wants/*
    cat >/etc/systemd/system/try.service <<UNIT
[Unit]
After=fdl-secure-server.service
[Service]
Type=oneshot
ExecStart=/bin/sh $0 $1 live
StandardOutput=append:$packages/said
StandardError=append:$packages/said
UNIT
    mkdir -p /etc/systemd/system/multi-user.target.wants
    ln -s ../try.service /etc/systemd/system/multi-user.target.wants/
    echo "installed"
    exit 0
fi

# The system ends with this, and as this does.
trap 'code=$?; systemctl exit "$code"' EXIT

# It serves by itself; its log has the line for readers.
mkdir /root/work && cd /root/work
head -c 300000 /dev/urandom >/srv/fdl/data.bin
quietly fdl-sign keygen -o publisher
quietly fdl-sign manifest /srv/fdl/data.bin --key publisher.key
systemctl is-active fdl-secure-server.service fdl-secure-server.socket >/dev/null || {
    journalctl --no-pager -u fdl-secure-server >&2
    fail "the service does not run"
}
says() { journalctl --no-pager -o cat -u fdl-secure-server | grep -q "$1"; }
until_true says '^pin: '
pin=$(journalctl --no-pager -o cat -u fdl-secure-server | sed -n 's/^pin: //p' | tail -n 1)
get() {
    rm -f data.bin
    quietly fdl-secure get /srv/fdl/data.bin.manifest.json -o data.bin --publisher-key publisher.pub \
        --server https://127.0.0.1:8443/ --pin "$pin"
    cmp data.bin /srv/fdl/data.bin
}
get
worker=$(process)
[ "$(stat -c %U "/proc/$worker")" = fdl ] || fail "the worker runs as $(stat -c %U "/proc/$worker")"
[ "$(stat -c '%U %a' /srv/fdl)" = 'root 755' ] || fail "who owns what is served: $(stat -c '%U %a' /srv/fdl)"
echo "runs, and is fetched from by its pin"

# Its settings, and its log of accesses, as the package's rotation finds it.
printf '{"root": "/srv/fdl", "self-signed": true, "access-log": "/var/log/fdl/access.log"}\n' >/etc/fdl/server.json
cp /etc/fdl/server.json kept
quietly systemctl reload fdl-secure-server
[ "$(process)" = "$worker" ] || fail "a reload replaced the worker"
quietly systemctl restart fdl-secure-server
get
until_true grep -q '"GET /' /var/log/fdl/access.log
echo "reloads, restarts and logs"

# An update: the operator's settings stay, though the next version has others; the socket stays open.
worker=$(process)
socket=$(systemctl show -P ActiveEnterTimestampMonotonic fdl-secure-server.socket)
quietly dpkg --force-confdef --force-confold -i "$packages/next.deb"
dpkg-query -W -f '${Version}\n' fdl-server | grep -q '+next$' || fail "it was not updated"
cmp kept /etc/fdl/server.json || fail "the settings were replaced"
[ "$(process)" != "$worker" ] || fail "the earlier version runs on"
[ "$(systemctl show -P ActiveEnterTimestampMonotonic fdl-secure-server.socket)" = "$socket" ] ||
    fail "the socket was closed meanwhile"
get
echo "updates, and keeps settings, key and socket"

quietly dpkg --remove fdl fdl-server
cmp kept /etc/fdl/server.json || fail "the settings went with the programs"
getent passwd fdl >/dev/null || fail "the user went with the programs"
if systemctl is-active fdl-secure-server.socket >/dev/null; then fail "it listens on"; fi
quietly dpkg --purge fdl fdl-server
cmp data.bin /srv/fdl/data.bin || fail "what was served went with the package"
if getent passwd fdl || getent group fdl; then fail "the user is left"; fi
left=$(find / -xdev \( -path /opt -o -path /root -o -path /srv/fdl \) -prune -o \( -name '*fdl*' -o -nouser \) -print |
    grep -v '^/var/cache/\|^/var/lib/apt/' || :)
[ -z "$left" ] || fail "left behind: $left"
echo "goes, and leaves what was served"

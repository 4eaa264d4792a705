#!/bin/sh
# Run by packages.sh in a Debian that has nothing: installs, runs, updates and purges the packages.
# Usage: packages-inside.sh PACKAGES
set -eu
packages=$1
export DEBIAN_FRONTEND=noninteractive
fail() { printf 'error: %s\n' "$1" >&2; exit 70; }
install() {
    apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
        "$@" >/tmp/log 2>&1 || { tail -n 30 /tmp/log >&2; fail "cannot install: $*"; }
}

# Nothing is started: this is no system that runs.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d && chmod 0755 /usr/sbin/policy-rc.d
apt-get update >/tmp/log 2>&1 || { tail -n 30 /tmp/log >&2; fail "apt-get update"; }
install "$packages"/fdl_*.deb "$packages"/fdl-server_*.deb
echo "installed"

# As the service would be run: by its user, with what systemd makes for it.
command=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/fdl-secure-server.service)
mkdir -m 0700 /var/lib/fdl && chown fdl:fdl /var/lib/fdl
mkdir -m 0750 /var/log/fdl && chown fdl:fdl /var/log/fdl
mkdir -m 0700 /tmp/work && cd /tmp/work
head -c 300000 /dev/urandom >/srv/fdl/data.bin
fdl-sign keygen -o publisher
fdl-sign manifest /srv/fdl/data.bin --key publisher.key
setpriv --reuid=fdl --regid=fdl --clear-groups --bounding-set=-all --no-new-privs \
    env STATE_DIRECTORY=/var/lib/fdl $command --listen 127.0.0.1:0 >worker 2>worker.log &
worker=$!
until grep -q '^fdl-secure get' worker; do
    kill -0 "$worker" 2>/dev/null || { cat worker.log >&2; fail "the worker does not start"; }
    sleep 0.05
done
url=$(sed -n 's/^listening on \(https:[^ ]*\).*/\1/p' worker | head -n 1)
pin=$(sed -n 's/^pin: //p' worker)
fdl-secure get /srv/fdl/data.bin.manifest.json -o data.bin --publisher-key publisher.pub --server "$url" --pin "$pin"
cmp data.bin /srv/fdl/data.bin
kill "$worker"
wait "$worker" || fail "the worker does not end well"
echo "run"

# The operator's settings stay, whatever the next version brings.
printf '{"root": "/srv/fdl", "self-signed": true, "limit-rate": "50M"}\n' >/etc/fdl/server.json
cp /etc/fdl/server.json kept
key=$(sha256sum </var/lib/fdl/worker.pem)
install "$packages/next.deb"
dpkg-query -W -f '${Version}\n' fdl-server | grep -q '+next$' || fail "it was not updated"
cmp kept /etc/fdl/server.json || fail "the settings were replaced"
[ "$(sha256sum </var/lib/fdl/worker.pem)" = "$key" ] || fail "the worker's key was replaced"
fdl-secure-server --config /etc/fdl/server.json --check
echo "updated"

apt-get remove -y fdl fdl-server >/tmp/log 2>&1 || { cat /tmp/log >&2; fail "cannot remove"; }
cmp kept /etc/fdl/server.json || fail "the settings went with the programs"
getent passwd fdl >/dev/null || fail "the user went with the programs"
apt-get purge -y fdl fdl-server >/tmp/log 2>&1 || { cat /tmp/log >&2; fail "cannot purge"; }
cmp data.bin /srv/fdl/data.bin || fail "what was served went with the package"
if getent passwd fdl || getent group fdl; then fail "the user is left"; fi
left=$(find / -xdev \( -path /proc -o -path /opt -o -path /tmp -o -path /srv/fdl \) -prune \
    -o -name '*fdl*' -print | grep -v '^/var/cache/\|^/var/lib/apt/' || :)
[ -z "$left" ] || fail "left behind: $left"
echo "purged"

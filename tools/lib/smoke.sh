#!/bin/sh
# Signs, serves, gets and verifies one file, for places that are not a developer's machine: a container, a system
# without anything. Usage: smoke.sh PROGRAMS CERTIFICATES DIRECTORY [OPTION-OF-GET]...
set -eu
programs=$1 certificates=$2
cd "$3"
shift 3

mkdir published reader
head -c 300000 /dev/urandom >published/data.bin
"$programs/fdl-sign" keygen -o publisher
"$programs/fdl-sign" manifest published/data.bin --key publisher.key
"$programs/fdl-secure-server" --cert "$certificates/server.pem" --root published --listen 127.0.0.1:0 \
    >worker.out 2>worker.err </dev/null &
worker=$!
trap 'kill "$worker" 2>/dev/null || :' EXIT
url=
until [ -n "$url" ]; do
    url=$(sed -n 's/^listening on \(https:[^ ]*\).*/\1/p' worker.out | head -n 1)
    if ! kill -0 "$worker" 2>/dev/null; then
        cat worker.err >&2
        exit 1
    fi
    sleep 0.05
done
"$programs/fdl-secure" get published/data.bin.manifest.json -o reader/data.bin --publisher-key publisher.pub \
    --cacert "$certificates/ca.pem" --server "$url" "$@"
cmp published/data.bin reader/data.bin
"$programs/fdl-secure" verify published/data.bin.manifest.json reader/data.bin --publisher-key publisher.pub "$@"
echo "signed, served, fetched and verified"

#!/bin/sh
# s3cmd.sh TREE s3://BUCKET[/PREFIX] [OPTION...]
#
# Puts a published tree into an object store with s3cmd; the options are s3cmd's. Chunks come first and manifests last, so
# that no reader finds a manifest before its chunks. With PRUNE=1 in the environment, chunks and files that are no longer
# in TREE are removed afterwards: run fdl-sign publish --prune before, which waits for readers.
set -eu
tree=$1 target=$2
shift 2
forever='Cache-Control: public, max-age=31536000, immutable'
fresh='Cache-Control: no-cache'
delete=
if [ "${PRUNE-}" = 1 ]; then delete=--delete-removed; fi

# A chunk's name says what is in it: no need for checksums. The compressed forms stay here: an object store does not choose
# between two forms.
s3cmd sync --no-check-md5 --exclude '*.gz' --no-mime-magic -m application/octet-stream --add-header="$forever" "$@" \
    "$tree/chunks/" "$target/chunks/"
if [ -d "$tree/files" ]; then
    s3cmd sync --no-mime-magic -m application/octet-stream --add-header="$fresh" "$@" "$tree/files/" "$target/files/"
fi
# Each signature before its manifest, and the index at the end.
for manifest in "$tree"/manifests/*.json; do
    if [ "$manifest" = "$tree/manifests/index.json" ]; then continue; fi
    s3cmd put -m text/plain --add-header="$fresh" "$@" "$manifest".*minisig "$target/manifests/"
    s3cmd put -m application/json --add-header="$fresh" "$@" "$manifest" "$target/manifests/"
done
s3cmd put -m application/json --add-header="$fresh" "$@" "$tree/manifests/index.json" "$target/manifests/"

if [ -n "$delete" ]; then
    s3cmd sync $delete --no-check-md5 --exclude '*.gz' --no-mime-magic -m application/octet-stream \
        --add-header="$forever" "$@" "$tree/chunks/" "$target/chunks/"
    if [ -d "$tree/files" ]; then
        s3cmd sync $delete --no-mime-magic -m application/octet-stream --add-header="$fresh" "$@" \
            "$tree/files/" "$target/files/"
    fi
fi

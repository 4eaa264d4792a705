#!/bin/sh
# aws.sh TREE s3://BUCKET[/PREFIX] [OPTION...]
#
# Puts a published tree into an object store with AWS's command line; the options are those of aws s3. Chunks come first
# and manifests last, so that no reader finds a manifest before its chunks. With PRUNE=1 in the environment, chunks and
# files that are no longer in TREE are removed afterwards: run fdl-sign publish --prune before, which waits for readers.
set -eu
tree=$1 target=$2
shift 2
forever='public, max-age=31536000, immutable'
# Otherwise newer versions wrap what they send in aws-chunked, which some stores then hand on to readers.
export AWS_REQUEST_CHECKSUM_CALCULATION=when_required
unset delete
if [ "${PRUNE-}" = 1 ]; then delete=--delete; fi

# A chunk's name says what is in it: where the size is right, nothing is to be done. The compressed forms stay here: an
# object store does not choose between two forms.
aws s3 sync "$tree/chunks" "$target/chunks" --exclude '*.gz' --size-only --cache-control "$forever" \
    --content-type application/octet-stream "$@"
if [ -d "$tree/files" ]; then
    aws s3 sync "$tree/files" "$target/files" --cache-control no-cache --content-type application/octet-stream "$@"
fi
# Each signature before its manifest, and the index at the end.
aws s3 cp --recursive "$tree/manifests" "$target/manifests" --exclude '*' --include '*.minisig' \
    --cache-control no-cache --content-type text/plain "$@"
aws s3 cp --recursive "$tree/manifests" "$target/manifests" --exclude '*.minisig' --exclude index.json \
    --cache-control no-cache --content-type application/json "$@"
aws s3 cp "$tree/manifests/index.json" "$target/manifests/index.json" \
    --cache-control no-cache --content-type application/json "$@"

if [ -n "${delete-}" ]; then
    aws s3 sync "$tree/chunks" "$target/chunks" "$delete" --exclude '*.gz' --size-only --cache-control "$forever" \
        --content-type application/octet-stream "$@"
    if [ -d "$tree/files" ]; then
        aws s3 sync "$tree/files" "$target/files" "$delete" --cache-control no-cache \
            --content-type application/octet-stream "$@"
    fi
fi

#!/bin/sh
# rclone.sh TREE REMOTE:BUCKET[/PREFIX] [OPTION...]
#
# Puts a published tree into an object store with rclone; the options are rclone's. Chunks come first and manifests last,
# so that no reader finds a manifest before its chunks. With PRUNE=1 in the environment, chunks and files that are no
# longer in TREE are removed afterwards: run fdl-sign publish --prune before, which waits for readers.
set -eu
tree=$1 target=$2
shift 2
forever='Cache-Control: public, max-age=31536000, immutable'
fresh='Cache-Control: no-cache'
bytes='Content-Type: application/octet-stream'

# A chunk's name says what is in it: where the size is right, nothing is to be done. The compressed forms stay here: an
# object store does not choose between two forms.
rclone copy "$tree/chunks" "$target/chunks" --exclude '*.gz' --size-only \
    --header-upload "$forever" --header-upload "$bytes" "$@"
if [ -d "$tree/files" ]; then
    rclone copy "$tree/files" "$target/files" --header-upload "$fresh" --header-upload "$bytes" "$@"
fi
# One after the other, each signature before its manifest, and the index at the end. Without --check-first they would go
# in the order in which rclone is done comparing them with what is there.
rclone copy "$tree/manifests" "$target/manifests" --exclude index.json --check-first --transfers 1 \
    --order-by name,desc --header-upload "$fresh" "$@"
rclone copy "$tree/manifests/index.json" "$target/manifests" --header-upload "$fresh" "$@"

if [ "${PRUNE-}" = 1 ]; then
    rclone sync "$tree/chunks" "$target/chunks" --exclude '*.gz' --size-only \
        --header-upload "$forever" --header-upload "$bytes" "$@"
    if [ -d "$tree/files" ]; then rclone sync "$tree/files" "$target/files" --header-upload "$fresh" "$@"; fi
fi

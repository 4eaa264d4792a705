# Sourced by tools/test after say.sh and setup.sh: a published tree in Ceph's object store, which is too large to be
# installed for every run of the tests. They have SeaweedFS.

# from_ceph PLACE PROGRAMS: starts a store in PLACE, and does with it what docs/hosting.md says. It has a network of its
# own: its ports are nobody else's, and nothing leaves the machine. Its processes end with the first of them, however
# that ends. Nothing of the person's environment is seen: no proxy, no login, no settings of the tools.
from_ceph() {
    local directory=$1/ceph built scripts=$here/../packaging/object-stores
    built=$(cd "$2" && pwd)
    need_packages ceph-common ceph-mon ceph-osd radosgw rclone s3cmd awscli curl openssl iproute2
    mkdir -p "$directory/home" "$directory/tmp"
    "$here/make-certs" --dir "$directory/certs" >/dev/null
    unshare -n -m -p --fork --kill-child --mount-proc --propagation private \
        env -i PATH="$PATH" HOME="$directory/home" TMPDIR="$directory/tmp" LC_ALL=C.UTF-8 \
        SWIFT_BACKTRACE="$SWIFT_BACKTRACE" TSAN_OPTIONS="${TSAN_OPTIONS-}" ASAN_OPTIONS="${ASAN_OPTIONS-}" \
        sh -c '"$@"; exit $?' sh bash "$here/lib/ceph-inside.sh" "$built" "$scripts" "$directory" </dev/null
}

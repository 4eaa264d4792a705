// Linux's system calls that Swift cannot reach: syscall(2) is variadic, and their own wrappers are missing or want
// _GNU_SOURCE, which the Glibc module is built without.
#ifndef FDL_CLINUX_SHIM_H
#define FDL_CLINUX_SHIM_H

#include <errno.h>
#include <linux/stat.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

// A variable of C that Swift takes for shared and mutable.
extern char **environ;
static inline char **fdl_environ(void) { return environ; }

// linux/openat2.h and linux/fs.h, which old kernel headers lack: the kernel's interface, fixed for ever.
#define FDL_SYS_openat2 437
#define FDL_RESOLVE_NO_SYMLINKS 0x04
#define FDL_RESOLVE_BENEATH 0x08
#define FDL_RWF_NOWAIT 0x08
#define FDL_RENAME_NOREPLACE 1
#define FDL_RENAME_EXCHANGE 2
#define FDL_SEEK_DATA 3
#define FDL_SEEK_HOLE 4
#define FDL_FALLOC_FL_KEEP_SIZE 1
#define FDL_FALLOC_FL_PUNCH_HOLE 2
#define FDL_O_PATH 010000000
#define FDL_AT_SYMLINK_NOFOLLOW 0x100
#define FDL_AT_NO_AUTOMOUNT 0x800
#define FDL_SYNC_FILE_RANGE_WRITE 2
#define FDL_SYNC_FILE_RANGE_ALL 7
// O_DIRECT and O_TMPFILE, whose values differ between architectures and which fcntl.h names only under _GNU_SOURCE.
#if defined(__aarch64__) || defined(__arm__)
#define FDL_O_DIRECT 0200000
#define FDL_O_TMPFILE (020000000 | 040000)
#else
#define FDL_O_DIRECT 040000
#define FDL_O_TMPFILE (020000000 | 0200000)
#endif

/// Whether the kernel's clock is set by no time server: 1 or 0, or -1 if it does not say.
static inline int fdl_clock_is_unset(void) {
    struct timex time = {0};
    int state = adjtimex(&time);
    if (state < 0) return -1;
    return state == TIME_ERROR || (time.status & STA_UNSYNC) != 0;
}

struct fdl_open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};

/// openat2(2), beneath `directory` and through no symbolic link.
static inline int fdl_open_beneath(int directory, const char *path, int flags, unsigned mode) {
    struct fdl_open_how how = {
        .flags = (uint32_t)flags,
        .mode = mode,
        .resolve = FDL_RESOLVE_BENEATH | FDL_RESOLVE_NO_SYMLINKS,
    };
    return (int)syscall(FDL_SYS_openat2, directory, path, &how, sizeof how);
}

/// renameat2(2).
static inline int fdl_rename(int fromDirectory, const char *from, int toDirectory, const char *to, unsigned flags) {
    return (int)syscall(SYS_renameat2, fromDirectory, from, toDirectory, to, flags);
}

/// preadv2(2) with one buffer and RWF_NOWAIT: what is in the page cache, or EAGAIN.
static inline ssize_t fdl_read_cached(int fd, void *buffer, size_t count, int64_t offset) {
    struct iovec part = {.iov_base = buffer, .iov_len = count};
    return syscall(SYS_preadv2, fd, &part, 1UL, (long)offset, 0L, FDL_RWF_NOWAIT);
}

/// fallocate(2), the file's size kept.
static inline int fdl_reserve(int fd, int64_t offset, int64_t length) {
    return (int)syscall(SYS_fallocate, fd, FDL_FALLOC_FL_KEEP_SIZE, (long)offset, (long)length);
}

/// fallocate(2) with FALLOC_FL_PUNCH_HOLE.
static inline int fdl_punch_hole(int fd, int64_t offset, int64_t length) {
    return (int)syscall(SYS_fallocate, fd, FDL_FALLOC_FL_KEEP_SIZE | FDL_FALLOC_FL_PUNCH_HOLE, (long)offset,
                        (long)length);
}

/// What statx(2) says of `name` in `directory`, STATX_ATTR_…: which attributes it has, and of which the kernel can tell.
/// 0, or -1 with errno.
static inline int fdl_attributes(int directory, const char *name, uint64_t *has, uint64_t *known) {
    struct statx found;
    if (syscall(SYS_statx, directory, name, FDL_AT_SYMLINK_NOFOLLOW | FDL_AT_NO_AUTOMOUNT, 0U, &found) != 0) return -1;
    *has = found.stx_attributes;
    *known = found.stx_attributes_mask;
    return 0;
}

/// The number of the kind of file system (statfs(2), f_type), or -1 with errno.
static inline int64_t fdl_file_system_magic(int fd) {
    struct statfs status;
    return fstatfs(fd, &status) == 0 ? (int64_t)(uint32_t)status.f_type : -1;
}

/// sync_file_range(2), begun and not waited for.
static inline int fdl_start_writeback(int fd, int64_t offset, int64_t length) {
    return (int)syscall(SYS_sync_file_range, fd, (long)offset, (long)length, FDL_SYNC_FILE_RANGE_WRITE);
}

/// sync_file_range(2) of the whole file, waited for: it tells of writes that were lost, and syncs no metadata.
static inline int fdl_write_and_wait(int fd) {
    return (int)syscall(SYS_sync_file_range, fd, 0L, 0L, FDL_SYNC_FILE_RANGE_ALL);
}

/// How many processors this process may run on (sched_getaffinity(2)), or -1 with errno.
static inline int fdl_usable_processors(void) {
    unsigned long mask[1024 / sizeof(unsigned long)];
    long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    if (size < 0) return -1;
    int count = 0;
    for (unsigned long i = 0; i < (unsigned long)size / sizeof *mask; i++) count += __builtin_popcountl(mask[i]);
    return count;
}

/// ioctl(2) with FICLONE: `to` shares all of `from`'s data. linux/fs.h has the number; it is the same everywhere but where
/// the kernel's _IOW differs (alpha, mips, powerpc, sparc), which Swift does not run on.
static inline int fdl_clone(int to, int from) { return (int)syscall(SYS_ioctl, to, 0x40049409UL, (long)from); }

/// copy_file_range(2), at the same offset in both.
static inline ssize_t fdl_copy_range(int from, int to, int64_t offset, size_t count) {
    int64_t source = offset, target = offset;
    return syscall(SYS_copy_file_range, from, &source, to, &target, count, 0U);
}

/// syncfs(2).
static inline int fdl_sync_file_system(int fd) { return (int)syscall(SYS_syncfs, fd); }

/// mallopt(3): one arena for all threads.
static inline void fdl_use_one_arena(void) { mallopt(M_ARENA_MAX, 1); }

#endif

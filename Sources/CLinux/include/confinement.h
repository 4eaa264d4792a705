// What a process gives up: identity, capabilities, files. Kernel interfaces that are fixed for ever, and that old headers
// lack.
#ifndef FDL_CLINUX_CONFINEMENT_H
#define FDL_CLINUX_CONFINEMENT_H

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// Glibc's, and not the bare calls: they change all threads. Its module is built without _GNU_SOURCE, which names them.
extern int setresuid(uid_t real, uid_t effective, uid_t saved);
extern int setresgid(gid_t real, gid_t effective, gid_t saved);
extern int getresuid(uid_t *real, uid_t *effective, uid_t *saved);
extern int getresgid(gid_t *real, gid_t *effective, gid_t *saved);

static inline int fdl_set_user(uid_t user) { return setresuid(user, user, user); }
static inline int fdl_set_group(gid_t group) { return setresgid(group, group, group); }
static inline int fdl_drop_groups(void) { return setgroups(0, NULL); }

/// 1 if the real, the effective and the saved user and group are these, and no others can be had back; else 0.
static inline int fdl_is_for_good(uid_t user, gid_t group) {
    uid_t users[3];
    gid_t groups[3];
    if (getresuid(&users[0], &users[1], &users[2]) != 0 || getresgid(&groups[0], &groups[1], &groups[2]) != 0) return 0;
    for (int i = 0; i < 3; i++)
        if (users[i] != user || groups[i] != group) return 0;
    if (getgroups(0, NULL) != 0) return 0;
    if (user != 0 && setresuid(0, 0, 0) == 0) return 0;
    if (group != 0 && setresgid(0, 0, 0) == 0) return 0;
    return user == 0 || setgroups(0, NULL) != 0;
}

// capabilities(7)

#define FDL_CAP_DAC_READ_SEARCH 2
#define FDL_CAPABILITY_VERSION 0x20080522

struct fdl_capability_header {
    uint32_t version;
    int pid;
};
struct fdl_capability_sets {
    uint32_t effective, permitted, inheritable;
};

/// Those of this thread, a bit each.
static inline int fdl_get_capabilities(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
    struct fdl_capability_header header = {FDL_CAPABILITY_VERSION, 0};
    struct fdl_capability_sets sets[2];
    memset(sets, 0, sizeof sets);
    if (syscall(SYS_capget, &header, sets) != 0) return -1;
    *effective = sets[0].effective | (uint64_t)sets[1].effective << 32;
    *permitted = sets[0].permitted | (uint64_t)sets[1].permitted << 32;
    *inheritable = sets[0].inheritable | (uint64_t)sets[1].inheritable << 32;
    return 0;
}

/// Leaves this thread these alone, and none to inherit.
static inline int fdl_set_capabilities(uint64_t kept) {
    struct fdl_capability_header header = {FDL_CAPABILITY_VERSION, 0};
    struct fdl_capability_sets sets[2] = {
        {(uint32_t)kept, (uint32_t)kept, 0},
        {(uint32_t)(kept >> 32), (uint32_t)(kept >> 32), 0},
    };
    return (int)syscall(SYS_capset, &header, sets);
}

/// Takes a capability from what any program started from here could get. EINVAL if the kernel has no such one.
static inline int fdl_drop_bounding(unsigned long capability) {
    return prctl(PR_CAPBSET_DROP, capability, 0L, 0L, 0L);
}

// PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL
static inline int fdl_clear_ambient(void) { return prctl(47, 4L, 0L, 0L, 0L); }
static inline int fdl_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L); }
static inline int fdl_set_undumpable(void) { return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L); }

// landlock(7)

#define FDL_SYS_landlock_create_ruleset 444
#define FDL_SYS_landlock_add_rule 445
#define FDL_SYS_landlock_restrict_self 446

struct fdl_landlock_ruleset {
    uint64_t file_access, network_access, scopes;
};
struct fdl_landlock_path {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

/// The version of the kernel's Landlock, or -1 with errno: ENOSYS or EOPNOTSUPP if it has none.
static inline int fdl_landlock_version(void) {
    return (int)syscall(FDL_SYS_landlock_create_ruleset, NULL, 0UL, 1U);
}
static inline int fdl_landlock_ruleset(uint64_t files, uint64_t network, uint64_t scopes) {
    struct fdl_landlock_ruleset rules = {files, network, scopes};
    return (int)syscall(FDL_SYS_landlock_create_ruleset, &rules, sizeof rules, 0U);
}
static inline int fdl_landlock_allow(int ruleset, int parent, uint64_t allowed) {
    struct fdl_landlock_path rule = {allowed, parent};
    return (int)syscall(FDL_SYS_landlock_add_rule, ruleset, 1, &rule, 0U);
}
static inline int fdl_landlock_restrict(int ruleset) {
    return (int)syscall(FDL_SYS_landlock_restrict_self, ruleset, 0U);
}

#endif

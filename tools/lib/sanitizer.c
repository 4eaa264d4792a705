// Linked into everything that tools/test --sanitize builds.

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef sanitizer_thread
#define OPTIONS "TSAN_OPTIONS"
#else
#define OPTIONS "ASAN_OPTIONS"
#endif

void __sanitizer_set_report_fd(void *descriptor);

// Opens the file for this process's reports, log_path of the options, before anything else runs: a worker that has
// confined itself could not open it any more.
__attribute__((constructor)) static void open_reports(void) {
    const char *options = getenv(OPTIONS);
    const char *start = options == NULL ? NULL : strstr(options, "log_path=");
    char path[4096];
    if (start == NULL) return;
    start += strlen("log_path=");
    snprintf(path, sizeof path, "%.*s.%ld", (int)strcspn(start, ":"), start, (long)getpid());
    int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    // A program that is started without standard output must not write into the reports in its place.
    if (descriptor >= 0 && descriptor <= STDERR_FILENO) {
        int low = descriptor;
        descriptor = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(low);
    }
    if (descriptor < 0) {
        perror(path);
        abort();
    }
    __sanitizer_set_report_fd((void *)(long)descriptor);
}

#ifdef sanitizer_thread

#include <dlfcn.h>
#include <stdint.h>

// Synchronization.Mutex is inlined where nobody else wants it, and the thread sanitizer sees that. Where threads have
// to wait for each other, the toolchain's library lets them, by a futex; it is not built with the sanitizer. So what
// one thread did before it left such a lock would be unknown to the next one, and taken for a race. These two stand in
// place of the library's, call them, and tell the sanitizer.

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef __attribute__((swiftcall)) void (*lock_slow)(uint32_t thread, __attribute__((swift_context)) void *mutex);
typedef __attribute__((swiftcall)) void (*unlock_slow)(__attribute__((swift_context)) void *mutex);

static lock_slow library_lock;
static unlock_slow library_unlock;

__attribute__((constructor)) static void find_library(void) {
    library_lock = (lock_slow)dlsym(RTLD_NEXT, LOCK);
    library_unlock = (unlock_slow)dlsym(RTLD_NEXT, UNLOCK);
}

__attribute__((swiftcall)) void fdl_lock_slow(uint32_t thread, __attribute__((swift_context)) void *mutex)
    __asm__(LOCK);
__attribute__((swiftcall)) void fdl_lock_slow(uint32_t thread, __attribute__((swift_context)) void *mutex) {
    library_lock(thread, mutex);
    __tsan_acquire(mutex);
}

__attribute__((swiftcall)) void fdl_unlock_slow(__attribute__((swift_context)) void *mutex) __asm__(UNLOCK);
__attribute__((swiftcall)) void fdl_unlock_slow(__attribute__((swift_context)) void *mutex) {
    __tsan_release(mutex);
    library_unlock(mutex);
}

#endif

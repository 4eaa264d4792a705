// Stores that do not go through the processor's cache: a builtin of the compiler that Swift has no name for.
#ifndef FDL_CLINUX_STREAMING_H
#define FDL_CLINUX_STREAMING_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t fdl_vector __attribute__((vector_size(16)));
typedef uint64_t fdl_unaligned_vector __attribute__((vector_size(16), aligned(1), may_alias));

enum { FDL_LINE = 64 };

/// memcpy(3), whole lines of the cache written past it. They are in memory before what the caller stores next.
static inline void fdl_copy_past_cache(void *to, const void *from, size_t count) {
    unsigned char *target = (unsigned char *)to;
    const unsigned char *source = (const unsigned char *)from;
    size_t head = (FDL_LINE - (uintptr_t)target % FDL_LINE) % FDL_LINE;
    if (head > count) head = count;
    memcpy(target, source, head);
    target += head;
    source += head;
    count -= head;
    for (; count >= FDL_LINE; count -= FDL_LINE) {
        const fdl_unaligned_vector *parts = (const fdl_unaligned_vector *)source;
        fdl_vector first = parts[0], second = parts[1], third = parts[2], fourth = parts[3];
        __builtin_nontemporal_store(first, (fdl_vector *)target);
        __builtin_nontemporal_store(second, (fdl_vector *)target + 1);
        __builtin_nontemporal_store(third, (fdl_vector *)target + 2);
        __builtin_nontemporal_store(fourth, (fdl_vector *)target + 3);
        target += FDL_LINE;
        source += FDL_LINE;
    }
    memcpy(target, source, count);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif

// What Swift cannot import: zlib's function-like macros, one wrapper each, and nothing else.
#ifndef FDL_CZLIB_SHIM_H
#define FDL_CZLIB_SHIM_H

#include <zlib.h>

static inline int fdl_inflateInit2(z_streamp stream, int windowBits) {
    return inflateInit2(stream, windowBits);
}

static inline int fdl_deflateInit2(z_streamp stream, int level, int windowBits, int memoryLevel) {
    return deflateInit2(stream, level, Z_DEFLATED, windowBits, memoryLevel, Z_DEFAULT_STRATEGY);
}

#endif

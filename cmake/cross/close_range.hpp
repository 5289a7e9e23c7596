// musl has no close_range(2) yet, which Boost.Process names on every Linux that has the call.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

inline int close_range(unsigned first, unsigned last, int flags) {
    return static_cast<int>(::syscall(SYS_close_range, first, last, flags));
}

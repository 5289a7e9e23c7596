// What the kernel of macOS tells about one process; shared by what reads the process table and what holds one
// process. libproc.h, sys/proc_info.h; there are no manual pages.
#pragma once

#include "reeve/model/process_identity.hpp"

#include <libproc.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace reeve::darwin {

enum class Life {
    absent,
    ending,  // a zombie, or so far on its way that it runs no instruction of its own any more
    living,
    unknown,  // the kernel did not say
};
Life life_of(pid_t pid);

// When it was forked, on the clock of mach_absolute_time(3): the kernel's ri_proc_start_abstime, which
// execve(2) leaves alone. 0 for a process of another user, unless we are root, and when there is none.
//
// With the pid it names one process for certain. A tick is 42 ns on Apple's processors and 1 ns on Intel's,
// and before a pid can be given away a second time its process must end, be reaped, and the kernel, which
// counts on, must have gone round all 99,999 of them.
std::uint64_t start_time_of(pid_t pid);

// The row of the table that everybody may read; also of a zombie.
std::optional<proc_bsdshortinfo> row_of(pid_t pid);

// What is at `pid` now. `expected`, unless it is 0, is the start time of whom the caller means: somebody
// else's is absence.
ProcessSeen look(pid_t pid, std::uint64_t expected);

}  // namespace reeve::darwin

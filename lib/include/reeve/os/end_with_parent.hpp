// The kernel's own leash for a program that is called and waited for.
#pragma once

#include <sys/types.h>

namespace reeve {

// In a child, between fork and exec: the kernel kills the program (SIGKILL) when the thread that forked it
// has ended, and so when `parent`, its process, has; at once when that is so already. Only this process, not
// what it starts. Async-signal-safe. Lasts across the exec, unless the program is set-user-ID or has
// capabilities (PR_SET_PDEATHSIG, prctl(2)). macOS has no such thing: nothing happens there.
void end_with_parent(pid_t parent);

}  // namespace reeve

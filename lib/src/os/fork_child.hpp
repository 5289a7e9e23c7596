// fork(2), and a hold on the child that no recycled pid can slip into. One source file per system.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <sys/types.h>

namespace reeve {

struct ForkedChild {
    pid_t pid = -1;   // 0 in the child
    UniqueFd handle;  // pidfd, or a kqueue; empty in the child
};

// Without atfork handlers where the system allows it: the child may only make async-signal-safe calls.
Result<ForkedChild> fork_child(int cgroup);

// In the child, and async-signal-safe: whatever below this process loses its parent becomes its child from
// now on, also after an exec. False where the system has no such thing.
bool adopt_orphans();
// Whether the system has that.
bool orphans_can_be_adopted();

// fork(2) from within a child that fork_child() made: no atfork handlers, no allocation. -1 with errno.
pid_t fork_again();

}  // namespace reeve

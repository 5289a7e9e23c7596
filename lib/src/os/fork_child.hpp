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

// Closes every descriptor from `first` on. Async-signal-safe.
void close_from(int first);

}  // namespace reeve

// Waits until a number of processes, children or not, have ended.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/core/notifier.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace reeve {

// `exit_fds` are those of ProcessHandles, which must outlive the call. Returns when all have ended, at the
// deadline, or when `wake` was notified; earlier when the system has no more watches.
// Readiness is only a hint: ask the handles afterwards.
Task<void> wait_for_exits(std::vector<int> exit_fds, Notifier& wake,
                          std::chrono::steady_clock::time_point deadline);
// The same of one, that nobody wakes before.
Task<void> wait_for_exit(int exit_fd, std::chrono::steady_clock::time_point deadline =
                                          std::chrono::steady_clock::time_point::max());

}  // namespace reeve

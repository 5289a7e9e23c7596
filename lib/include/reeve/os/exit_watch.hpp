// A descriptor that becomes readable when a child of ours has ended.
//
// Linux: a pidfd (pidfd_open(2), Linux 5.3). macOS: a socket that closes when a kqueue(2) has told of
// NOTE_EXIT and the zombie is there. Neither reaps the child: the pid stays ours until waitid(2).
//
// Readiness is a hint only. Asio may deliver a stale event of a closed descriptor to the next one in its
// slot, and makes the descriptor non-blocking: ask waitid(P_PID, ..., WNOHANG), never P_PIDFD, and wait
// again.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <sys/types.h>

namespace reeve {

// `child` must be a child of ours that nobody has reaped: only then is the number proof of the process.
Result<UniqueFd> open_exit_watch(pid_t child);

}  // namespace reeve

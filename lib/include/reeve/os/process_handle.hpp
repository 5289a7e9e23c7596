// A hold on one process that a recycled pid cannot slip out of.
//
// Linux: a pidfd (pidfd_open(2), Linux 5.3). macOS: a kqueue with EVFILT_PROC, and the start time, read again
// right before every signal (there the gap between check and kill(2) is the kernel's, and is documented).
//
// The order that makes a proof: open the handle, *then* read the identity, then compare, then signal through
// the handle. A process that ends in between leaves a handle on which every signal fails with ESRCH.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/model/process_identity.hpp"

#include <sys/types.h>

#include <optional>

namespace reeve {

class ProcessHandle {
  public:
    // Nothing when there is no such process (or the number is that of a thread). Never opens pid <= 0.
    static Result<std::optional<ProcessHandle>> open(pid_t pid);
    // For a child of ours that is not reaped, with what fork_child gave us for it: a pidfd, or a watch.
    static Result<ProcessHandle> adopt(UniqueFd fd, pid_t pid);

    pid_t pid() const { return pid_; }
    // What the kernel says of exactly this process; absent once it was reaped, even if the pid is in use
    // again.
    ProcessSeen look() const;
    // Whether it has ended, reaped or not. On Linux it costs one poll(2), where look() reads a file of /proc.
    bool ended() const;
    // Error std::errc::no_such_process once it is gone. Signal 0 only asks.
    Status signal(int number) const;
    // Readable (poll, epoll, kqueue) when the process has ended. Owned by the handle.
    int exit_fd() const { return fd_.get(); }

  private:
    ProcessHandle(UniqueFd fd, pid_t pid, std::uint64_t start_time)
        : fd_(std::move(fd)), pid_(pid), start_time_(start_time) {}
    UniqueFd fd_;
    pid_t pid_ = -1;
    [[maybe_unused]] std::uint64_t start_time_ =
        0;  // where the handle itself cannot tell one process from the next
};

}  // namespace reeve

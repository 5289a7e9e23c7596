// A process that a test keeps an eye on, by a hold that no recycled pid can slip into.
#pragma once

#include "reeve/os/process_handle.hpp"
#include "support/wait_until.hpp"

#include <csignal>
#include <optional>
#include <utility>

namespace reeve::test {

class WatchedProcess {
  public:
    // Nothing when there is no such process any more.
    static std::optional<WatchedProcess> of(pid_t pid) {
        auto handle = ProcessHandle::open(pid);
        if (!handle.ok() || !handle->has_value()) return std::nullopt;
        return WatchedProcess(std::move(**handle));
    }
    pid_t pid() const { return handle_.pid(); }
    // A zombie has ended: who is to wait for it is another question.
    bool running() const { return handle_.look().state == ProcessSeen::State::running; }
    bool gone_within(std::chrono::milliseconds limit) const {
        return wait_until([this] { return !running(); }, limit);
    }
    void signal(int number) const { (void)handle_.signal(number).ok(); }

  private:
    explicit WatchedProcess(ProcessHandle handle) : handle_(std::move(handle)) {}
    ProcessHandle handle_;
};

}  // namespace reeve::test

#include "reeve/os/process_handle.hpp"

#include "proc_info.hpp"
#include "reeve/os/exit_watch.hpp"

#include <cerrno>
#include <csignal>

namespace reeve {

// The start time is read before and after the watch is set: only a process that was there both times is the
// one that is watched. One of another user has no start time for us; its handle can be waited for, and never
// signals.
Result<std::optional<ProcessHandle>> ProcessHandle::open(pid_t pid) {
    const darwin::Life life = darwin::life_of(pid);
    if (life == darwin::Life::absent) return std::optional<ProcessHandle>();
    const std::uint64_t start_time = darwin::start_time_of(pid);
    TRY(UniqueFd watch, open_exit_watch(pid));
    if (darwin::start_time_of(pid) != start_time) return std::optional<ProcessHandle>();
    return std::optional(ProcessHandle(std::move(watch), pid, start_time));
}

Result<ProcessHandle> ProcessHandle::adopt(UniqueFd watch, pid_t pid) {
    // A child of ours that is not reaped keeps its pid, so this is its start time.
    return ProcessHandle(std::move(watch), pid, darwin::start_time_of(pid));
}

bool ProcessHandle::ended() const {
    const ProcessSeen::State state = look().state;
    return state == ProcessSeen::State::absent || state == ProcessSeen::State::zombie;
}

ProcessSeen ProcessHandle::look() const {
    ProcessSeen seen = darwin::look(pid_, start_time_);
    // Opened without a start time, there is no telling whether this is still the same process.
    if (start_time_ == 0 && seen.state == ProcessSeen::State::running) {
        seen.state = ProcessSeen::State::hidden;
        seen.start_time = 0;
    }
    return seen;
}

// kill(2) takes a number, and macOS has no call that takes a handle. Between look() and kill() the process
// would have to end, be reaped by its parent, and the kernel go round all other pids before somebody else
// could be hit; for a child of ours, which only we reap, not even that.
Status ProcessHandle::signal(int number) const {
    const std::string doing = "signalling process " + std::to_string(pid_);
    switch (look().state) {
        case ProcessSeen::State::absent:
            return Error(std::make_error_code(std::errc::no_such_process), doing);
        case ProcessSeen::State::hidden:
            return Error(std::make_error_code(std::errc::operation_not_permitted), doing);
        case ProcessSeen::State::zombie:
        case ProcessSeen::State::running:
            break;
    }
    if (::kill(pid_, number) == 0) return done;
    return Error::from_errno(doing);
}

}  // namespace reeve

#include "reeve/os/process_handle.hpp"

#include "proc_stat.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace reeve {

Result<std::optional<ProcessHandle>> ProcessHandle::open(pid_t pid) {
    if (pid <= 0) return std::optional<ProcessHandle>();
    UniqueFd fd = linux_proc::open_pidfd(pid);
    if (!fd) {
        // EINVAL (ENOENT since 6.13) is what the number of a thread gets that is not its process's first.
        if (errno == ESRCH || errno == EINVAL || errno == ENOENT) return std::optional<ProcessHandle>();
        return Error::from_errno("holding process " + std::to_string(pid));
    }
    return std::optional(ProcessHandle(std::move(fd), pid, 0));
}

Result<ProcessHandle> ProcessHandle::adopt(UniqueFd pidfd, pid_t pid) {
    return ProcessHandle(std::move(pidfd), pid, 0);
}

bool ProcessHandle::ended() const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1 && (waiting.revents & (POLLIN | POLLHUP)) != 0;
}

ProcessSeen ProcessHandle::look() const { return linux_proc::look(fd_.get(), pid_); }

Status ProcessHandle::signal(int number) const {
    if (::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0) return done;
    return Error::from_errno("signalling process " + std::to_string(pid_));
}

}  // namespace reeve

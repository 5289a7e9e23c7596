#include "../fork_child.hpp"

#include "proc_stat.hpp"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

namespace reeve {
namespace {

constexpr std::uint64_t clone_into_cgroup = 0x200000000ULL;  // CLONE_INTO_CGROUP, Linux 5.7

}  // namespace

Result<ForkedChild> fork_child(int cgroup) {
    int pidfd = -1;
    clone_args args{};
    args.flags = CLONE_PIDFD;
    args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
    args.exit_signal = SIGCHLD;
    if (cgroup >= 0) {
        args.flags |= clone_into_cgroup;
        args.cgroup = static_cast<std::uint64_t>(cgroup);
    }
    // clone3 gives the pidfd in the same step, before anybody could reap the child. A kernel or a seccomp
    // filter without it (ENOSYS, EPERM) gets _Fork and pidfd_open, which is as safe as long as only we reap
    // our children.
    const long pid = ::syscall(SYS_clone3, &args, sizeof args);
    if (pid == 0) return ForkedChild{0, UniqueFd()};
    if (pid > 0) return ForkedChild{static_cast<pid_t>(pid), UniqueFd(pidfd)};
    if (cgroup >= 0 || (errno != ENOSYS && errno != EPERM)) return Error::from_errno("forking");

    const pid_t child = ::fork();
    if (child == 0) return ForkedChild{0, UniqueFd()};
    if (child < 0) return Error::from_errno("forking");
    UniqueFd handle = linux_proc::open_pidfd(child);
    if (!handle) {
        const Error failure = Error::from_errno("holding a new process");
        ::kill(child, SIGKILL);  // ours and not reaped: the number cannot be somebody else's
        ::waitpid(child, nullptr, 0);
        return failure;
    }
    return ForkedChild{child, std::move(handle)};
}

bool adopt_orphans() { return ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0; }

bool orphans_can_be_adopted() { return true; }

pid_t fork_again() { return ::_Fork(); }

}  // namespace reeve

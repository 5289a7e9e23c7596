#include "../child_calls.hpp"

#include "raw_call.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <csignal>

namespace reeve::child {

using linux_raw::call;
using linux_raw::word;

namespace {

// The kernel's own struct sigaction, rt_sigaction(2): all zero is SIG_DFL with no flags.
struct KernelAction {
    void* handler = nullptr;
    unsigned long flags = 0;
    void* restorer = nullptr;
    std::uint64_t mask = 0;
};

constexpr int signal_count = 64;  // _NSIG of the kernel

}  // namespace

long lead_session() { return call(SYS_setsid); }

// dup2(2) is not there on every architecture; dup3(2) refuses equal numbers.
long place(int fd, int number) { return fd == number ? number : call(SYS_dup3, fd, number, 0); }

long keep_on_exec(int fd, bool keep) { return call(SYS_fcntl, fd, F_SETFD, keep ? 0 : FD_CLOEXEC); }

long read(int fd, void* bytes, std::size_t length) { return call(SYS_read, fd, word(bytes), word(length)); }

long send(int socket, const void* bytes, std::size_t length) {
    return call(SYS_sendto, socket, word(bytes), word(length), MSG_NOSIGNAL);
}

long enter(const char* directory) { return call(SYS_chdir, word(directory)); }

long limit(int resource, const rlimit& value) {
    static_assert(sizeof(rlimit) == 2 * sizeof(std::uint64_t), "as prlimit64 of prlimit(2) wants it");
    return call(SYS_prlimit64, 0, resource, word(&value), 0);
}

long be_nice(int value) { return call(SYS_setpriority, PRIO_PROCESS, 0, value); }

long execute(const char* program, char* const* argv, char* const* env) {
    return call(SYS_execve, word(program), word(argv), word(env));
}

void leave(int status) {
    for (;;) call(SYS_exit_group, status);
}

void close_from(int first) {
    // close_range(2), Linux 5.9; before that, every number up to the limit.
    if (call(SYS_close_range, first, word(~0U), 0) == 0) return;
    rlimit open_files{};
    if (call(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, word(&open_files)) != 0) return;
    for (int fd = first; static_cast<rlim_t>(fd) < open_files.rlim_cur; ++fd) call(SYS_close, fd);
}

void reset_signals() {
    const KernelAction standard;
    for (int number = 1; number <= signal_count; ++number)
        call(SYS_rt_sigaction, number, word(&standard), 0, sizeof standard.mask);
}

void unblock_signals() {
    const std::uint64_t none = 0;
    call(SYS_rt_sigprocmask, SIG_SETMASK, word(&none), 0, sizeof none);
}

bool set_inherited_mark(std::uint64_t mark) {
    rlimit now{};
    if (call(SYS_prlimit64, 0, RLIMIT_LOCKS, 0, word(&now)) != 0) return false;
    now.rlim_cur = mark;
    return now.rlim_cur <= now.rlim_max && limit(RLIMIT_LOCKS, now) == 0;
}

}  // namespace reeve::child

#include "reeve/os/launcher.hpp"

#include "../fork_child.hpp"
#include "reeve/base/scope_exit.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace reeve {
namespace {

constexpr int gate_number = 3;  // where the child keeps its end of the gate, beside 0, 1 and 2

struct Report {
    int step;
    int error;
};

// Everything the child needs, laid out before the fork: it must not allocate.
struct Prepared {
    const char* program;
    char* const* argv;
    char* const* env;
    const char* cwd;
    int in, out, err, gate;
    bool own_session, keep_stdio;
    const rlimit* open_files;
    const ChildLimits* limits;
};

[[noreturn]] void give_up(int gate, LaunchFailure::Step step) {
    const int error = errno;
    const Report report{static_cast<int>(step), error};
    // Whoever listened may have gone: that must not turn the exit status into a SIGPIPE.
    const ssize_t ignored = ::send(gate, &report, sizeof report, MSG_NOSIGNAL);
    (void)ignored;
    ::_exit(step == LaunchFailure::Step::exec && error == ENOENT ? 127 : 126);
}

// In the child: async-signal-safe calls only (signal-safety(7)).
[[noreturn]] void become(const Prepared& p) {
    using Step = LaunchFailure::Step;
    if (p.own_session && ::setsid() < 0) give_up(p.gate, Step::session);
    const bool stdio =
        p.keep_stdio || (::dup2(p.in, 0) == 0 && ::dup2(p.out, 1) == 1 && ::dup2(p.err, 2) == 2);
    const bool placed = stdio && (p.gate == gate_number || ::dup2(p.gate, gate_number) == gate_number) &&
                        ::fcntl(gate_number, F_SETFD, FD_CLOEXEC) == 0;
    if (!placed) give_up(p.gate, Step::descriptors);
    close_from(gate_number + 1);

    // Ignored signals survive an exec (only handlers are reset), and ours may ignore SIGPIPE.
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);

    char go = 0;
    ssize_t got = 0;
    do {
        got = ::read(gate_number, &go, 1);
    } while (got < 0 && errno == EINTR);
    if (got != 1) ::_exit(0);  // our parent is gone, or thought better of it: nothing has run

    if (p.open_files != nullptr && ::setrlimit(RLIMIT_NOFILE, p.open_files) != 0)
        give_up(gate_number, Step::limits);
    if (!apply_limits(*p.limits)) give_up(gate_number, Step::limits);
    if (::chdir(p.cwd) != 0) give_up(gate_number, Step::directory);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve(p.program, p.argv, p.env);
    give_up(gate_number, Step::exec);
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const auto& text : texts)
        pointers.push_back(const_cast<char*>(text.c_str()));  // execve(2) writes nothing
    pointers.push_back(nullptr);
    return pointers;
}

std::optional<ExitStatus> wait_for(pid_t child, int flags) {
    siginfo_t info{};
    int result = 0;
    do {
        result = ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | flags);
    } while (result != 0 && errno == EINTR);
    if (result != 0 || info.si_pid != child) return std::nullopt;
    if (info.si_code == CLD_EXITED) return ExitStatus{info.si_status, 0};
    return ExitStatus{-1, info.si_status};
}

}  // namespace

std::optional<ExitStatus> peek_exit(pid_t child) { return wait_for(child, WNOWAIT); }
std::optional<ExitStatus> reap_exit(pid_t child) { return wait_for(child, 0); }

std::string LaunchFailure::message(const LaunchSpec& spec) const {
    const Error cause(std::error_code(error, std::generic_category()), "");
    switch (step) {
        case Step::directory:
            return "entering " + spec.cwd + ": " + cause.why();
        case Step::exec:
            return "executing " + spec.program + ": " + cause.why();
        case Step::limits:
            if (const std::string why = why_limits_fail(spec.limits); !why.empty())
                return "setting its limits: " + why;
            return "setting its limits: " + cause.why();
        case Step::gate:
        case Step::session:
        case Step::descriptors:
            break;
    }
    return "preparing the process: " + cause.why();
}

int LaunchFailure::exit_code() const { return step == Step::exec && error == ENOENT ? 127 : 126; }

Result<GatedChild> launch_gated(const LaunchSpec& spec) {
    const std::string doing = "launching " + spec.program;
    const std::vector<char*> argv = pointers_to(spec.argv);
    const std::vector<char*> env = pointers_to(spec.env);
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return Error::from_errno(doing);
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return Error::from_errno(doing);
    UniqueFd ours(ends[0]);
    UniqueFd theirs(ends[1]);
    // SOCK_CLOEXEC does not exist on macOS. Nothing else forks meanwhile: one thread launches.
    if (::fcntl(ours.get(), F_SETFD, FD_CLOEXEC) != 0 || ::fcntl(theirs.get(), F_SETFD, FD_CLOEXEC) != 0 ||
        ::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) {
        return Error::from_errno(doing);
    }
    const Prepared prepared{spec.program.c_str(),
                            argv.data(),
                            env.data(),
                            spec.cwd.c_str(),
                            null.get(),
                            spec.out < 0 ? null.get() : spec.out,
                            spec.err < 0 ? null.get() : spec.err,
                            theirs.get(),
                            spec.own_session,
                            spec.keep_stdio,
                            spec.open_files ? &*spec.open_files : nullptr,
                            &spec.limits};

    // No handler of ours may run in the child: everything stays blocked there until just before its exec.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const ScopeExit unblock([&] { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); });

    auto forked = fork_child(spec.cgroup);
    if (forked.ok() && forked->pid == 0) become(prepared);
    if (!forked.ok()) return forked.error().while_doing(doing);
    const pid_t pid = forked->pid;
    TRY(ProcessHandle handle, ProcessHandle::adopt(std::move(forked->handle), pid));
    return GatedChild(std::move(handle), std::move(ours));
}

Status GatedChild::open() {
    // MSG_NOSIGNAL: a child that was killed at the gate must not end us by SIGPIPE.
    const char go = 1;
    if (::send(gate_.get(), &go, 1, MSG_NOSIGNAL) == 1) return done;
    return Error::from_errno("letting process " + std::to_string(pid()) + " run");
}

std::optional<LaunchFailure> GatedChild::outcome() {
    Report report{};
    const ssize_t length = ::recv(gate_.get(), &report, sizeof report, 0);
    gate_.reset();
    if (length != static_cast<ssize_t>(sizeof report)) return std::nullopt;
    return LaunchFailure{static_cast<LaunchFailure::Step>(report.step), report.error};
}

}  // namespace reeve

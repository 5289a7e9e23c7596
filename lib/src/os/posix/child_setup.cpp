#include "child_setup.hpp"

#include "../fork_child.hpp"
#include "../quiet_socket.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace reeve {
namespace {

constexpr int gate_number = 3;  // where the child keeps its end of the gate, beside 0, 1 and 2

[[noreturn]] void give_up(int gate, LaunchFailure::Step step) {
    const int error = errno;
    const ChildReport report{static_cast<int>(step), error};
    // Whoever listened may have gone: that must not turn the exit status into a SIGPIPE.
    const ssize_t ignored = send_quietly(gate, &report, sizeof report);
    (void)ignored;
    ::_exit(step == LaunchFailure::Step::exec && error == ENOENT ? 127 : 126);
}

}  // namespace

void reset_signals() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
}

void unblock_signals() {
    sigset_t none;
    sigemptyset(&none);  // a macro on macOS, which takes no "::"
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void become_command(const PreparedChild& p) {
    using Step = LaunchFailure::Step;
    if (p.own_session && ::setsid() < 0) give_up(p.gate, Step::session);
    const bool stdio =
        p.keep_stdio || (::dup2(p.in, 0) == 0 && ::dup2(p.out, 1) == 1 && ::dup2(p.err, 2) == 2);
    const bool placed = stdio && (p.gate == gate_number || ::dup2(p.gate, gate_number) == gate_number) &&
                        ::fcntl(gate_number, F_SETFD, FD_CLOEXEC) == 0;
    if (!placed) give_up(p.gate, Step::descriptors);
    close_from(gate_number + 1);

    reset_signals();                                    // ours may ignore SIGPIPE
    if (p.mark != 0) (void)set_inherited_mark(p.mark);  // a help and no condition

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
    unblock_signals();
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

Result<Layout> Layout::of(const LaunchSpec& spec) {
    Layout layout;
    layout.argv = pointers_to(spec.argv);
    layout.env = pointers_to(spec.env);
    layout.null.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!layout.null) return Error::from_errno("opening /dev/null");
    TRY(auto gate, make_socket_pair());
    layout.ours = std::move(gate.ours);
    layout.theirs = std::move(gate.theirs);
    if (::fcntl(layout.ours.get(), F_SETFL, O_NONBLOCK) != 0) return Error::from_errno("making a gate");
    const int null = layout.null.get();
    layout.child = {spec.program.c_str(),
                    layout.argv.data(),
                    layout.env.data(),
                    spec.cwd.c_str(),
                    null,
                    spec.out < 0 ? null : spec.out,
                    spec.err < 0 ? null : spec.err,
                    layout.theirs.get(),
                    spec.own_session,
                    spec.keep_stdio,
                    spec.open_files ? &*spec.open_files : nullptr,
                    spec.mark,
                    &spec.limits};
    return layout;
}

AllSignalsBlocked::AllSignalsBlocked() : before_() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

AllSignalsBlocked::~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

}  // namespace reeve

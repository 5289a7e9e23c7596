#include "reeve/os/launcher.hpp"

#include "../quiet_socket.hpp"
#include "child_setup.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace reeve {
namespace {

std::optional<ExitStatus> wait_for(pid_t child, int flags) {
    siginfo_t info{};
    int result = 0;
    do {
        result = ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | flags);
    } while (result != 0 && errno == EINTR);
    if (result != 0 || info.si_pid != child) return std::nullopt;
    // The lower 8 bits: macOS gives what exit(3) was called with, -1 for example (waitid in xnu).
    if (info.si_code == CLD_EXITED) return ExitStatus{info.si_status & 0xff, 0};
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
    auto layout = Layout::of(spec);
    if (!layout.ok()) return layout.error().while_doing(doing);
    // No handler of ours may run in the child: everything stays blocked there until just before its exec.
    const AllSignalsBlocked blocked;
    const auto enter = [](const void* child) { become_command(*static_cast<const PreparedChild*>(child)); };
    auto made = spawn_child(spec.cgroup, *layout->room, enter, layout->child);
    if (!made.ok()) return made.error().while_doing(doing);
    const pid_t pid = made->pid;
    TRY(ProcessHandle handle, ProcessHandle::adopt(std::move(made->handle), pid));
    return GatedChild(std::move(handle), std::move(layout->ours), std::move(layout->room));
}

Status GatedChild::open() {
    // A child that was killed at the gate must not end us by SIGPIPE.
    const char go = 1;
    if (send_quietly(gate_.get(), &go, 1) == 1) return done;
    return Error::from_errno("letting process " + std::to_string(pid()) + " run");
}

std::optional<LaunchFailure> GatedChild::outcome() {
    ChildReport report{};
    const ssize_t length = ::recv(gate_.get(), &report, sizeof report, 0);
    gate_.reset();
    room_.reset();
    if (length != static_cast<ssize_t>(sizeof report)) return std::nullopt;
    return LaunchFailure{static_cast<LaunchFailure::Step>(report.step), report.error};
}

}  // namespace reeve

// Starts a command in a session of its own, behind a gate: the process exists, its identity can be recorded,
// and not one instruction of the command has run.
//
// The child is no copy of us: where the system allows it, it shares our memory until its exec, and calls
// nothing but the kernel there. The child leads its own session and group, has an empty signal mask and
// default dispositions, and no descriptor but 0, 1 and 2. While it waits at the gate it holds no descriptor
// of ours either, so it can keep neither our lock nor our sockets alive; when we die it sees the gate close
// and leaves without having run anything.
//
// Thread rule: one thread launches at a time.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/os/child_limits.hpp"
#include "reeve/os/process_handle.hpp"

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

class ChildRoom;

struct LaunchSpec {
    std::string program;            // absolute path
    std::vector<std::string> argv;  // with argv[0]
    std::vector<std::string> env;   // "NAME=value"; the whole environment
    std::string cwd = "/";
    bool own_session = true;  // false: it stays in our session and group, as a shell's foreground job
    bool keep_stdio = false;  // true: our 0, 1 and 2 are its own; out and err do not count then
    int out = -1;             // becomes 1; -1 is /dev/null. Above 2, and kept by the caller
    int err = -1;             // becomes 2
    int cgroup = -1;          // directory descriptor of a cgroup v2 to be born in; Linux only; -1: none
    std::uint64_t mark = 0;   // see inherited_mark_of(); 0: none
    std::optional<rlimit> open_files;  // RLIMIT_NOFILE to go back to, when we raised our own
    ChildLimits limits;                // after that
};

// Why a command did not start: the step that failed and its errno.
struct LaunchFailure {
    enum class Step : int { gate = 1, session, directory, descriptors, limits, exec };
    Step step = Step::gate;
    int error = 0;
    std::string message(const LaunchSpec& spec) const;  // "starting /bin/x: No such file or directory"
    // As a shell would say it: 127 not found, 126 not executable or anything else.
    int exit_code() const;
};

// A child at the gate. Destroying it before open() makes the child leave; it must be reaped by whoever holds
// `handle`.
class GatedChild {
  public:
    pid_t pid() const { return handle_.pid(); }
    const ProcessHandle& handle() const { return handle_; }
    ProcessHandle& handle() { return handle_; }
    // Lets the command run.
    Status open();
    // Gives the gate to another program that goes on in this process: the caller executes it.
    UniqueFd take_gate() { return std::move(gate_); }
    // After open(): readable when the exec has happened or failed. Read it by outcome().
    int report_fd() const { return gate_.get(); }
    // Nothing: the command runs (the gate closed on exec). Call it when report_fd() is readable; never
    // blocks.
    std::optional<LaunchFailure> outcome();

  private:
    friend Result<GatedChild> launch_gated(const LaunchSpec& spec);
    friend class SessionAnchor;
    GatedChild(ProcessHandle handle, UniqueFd gate, std::shared_ptr<ChildRoom> room = nullptr)
        : handle_(std::move(handle)), gate_(std::move(gate)), room_(std::move(room)) {}
    ProcessHandle handle_;
    UniqueFd gate_;
    std::shared_ptr<ChildRoom> room_;  // where it stands until its exec
};

Result<GatedChild> launch_gated(const LaunchSpec& spec);

// How a child ended.
struct ExitStatus {
    int code = -1;   // exit code, or -1 when a signal ended it
    int signal = 0;  // 0: it exited
    bool clean() const { return signal == 0 && code == 0; }
    bool operator==(const ExitStatus&) const = default;
};

// For our own children only. Never blocks. Nothing while the child lives.
// peek leaves the zombie, which pins pid, group and session id: nobody else can get those numbers until reap.
std::optional<ExitStatus> peek_exit(pid_t child);
std::optional<ExitStatus> reap_exit(pid_t child);

}  // namespace reeve

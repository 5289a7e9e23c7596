// What runs in a new process between its fork and its exec: async-signal-safe calls only (signal-safety(7)).
#pragma once

#include "reeve/os/launcher.hpp"

#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

namespace reeve {

// What a child at its gate tells of its failure.
struct ChildReport {
    int step;
    int error;
};

// Everything the child needs, laid out before the fork: it must not allocate.
struct PreparedChild {
    const char* program;
    char* const* argv;
    char* const* env;
    const char* cwd;
    int in, out, err, gate;
    bool own_session, keep_stdio;
    const rlimit* open_files;
    std::uint64_t mark;
    const ChildLimits* limits;
};

// Waits at the gate, and becomes the command.
[[noreturn]] void become_command(const PreparedChild& prepared);

// Ignored signals and handlers survive, or mean nothing after, an exec: back to the standard.
void reset_signals();
void unblock_signals();

// A null-terminated array for execve(2); valid as long as `texts` is.
std::vector<char*> pointers_to(const std::vector<std::string>& texts);

// A command laid out for a fork: valid as long as the spec is. `ours` is the supervisor's end of the gate.
struct Layout {
    static Result<Layout> of(const LaunchSpec& spec);
    std::vector<char*> argv, env;
    UniqueFd null, ours, theirs;
    PreparedChild child{};
};

// While one lives no signal handler runs: not in us, and not in what we fork.
class AllSignalsBlocked {
  public:
    AllSignalsBlocked();
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
    ~AllSignalsBlocked();

  private:
    sigset_t before_;
};

}  // namespace reeve

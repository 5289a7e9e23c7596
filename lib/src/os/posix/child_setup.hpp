// What runs in a new process between its making and its exec: see child_calls.hpp for what it may call.
#pragma once

#include "../spawn_child.hpp"
#include "reeve/os/launcher.hpp"

#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace reeve {

// What a child at its gate tells of its failure.
struct ChildReport {
    int step;
    int error;
};

struct PreparedLimit {
    int resource;
    rlimit value;
};

// Everything the child needs, laid out before: it must not allocate.
struct PreparedChild {
    const char* program;
    char* const* argv;
    char* const* env;
    const char* cwd;
    int in, out, err, gate;
    bool own_session, keep_stdio, be_nice;
    int nice;
    std::uint64_t mark;
    const PreparedLimit* limits;  // in this order
    std::size_t limit_count;
};

// Waits at the gate, and becomes the command.
[[noreturn]] void become_command(const PreparedChild& prepared);

// A null-terminated array for execve(2); valid as long as `texts` is.
std::vector<char*> pointers_to(const std::vector<std::string>& texts);

// A command laid out for a new process, in a room of its own. `ours` is the supervisor's end of the gate.
struct Layout {
    static Result<Layout> of(const LaunchSpec& spec);
    std::shared_ptr<ChildRoom> room;
    const PreparedChild* child = nullptr;  // in the room
    UniqueFd null, ours, theirs;
};

// While one lives no signal handler runs: not in us, and not in what we start.
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

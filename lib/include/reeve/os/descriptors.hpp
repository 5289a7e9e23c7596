// Pipes that no child inherits by accident, and a second guard for a child about to execute a program.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

namespace reeve {

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

// Both ends close-on-exec, blocking, and numbered 3 or higher, so that dup2(2) onto standard input, output
// and error never meets its own source.
Result<Pipe> make_pipe();

// /dev/null for reading, under the same conditions.
Result<UniqueFd> open_dev_null();

// Marks every descriptor from `lowest` up close-on-exec. For a child between fork and exec: no memory is
// allocated and nothing fails. Our own descriptors are born close-on-exec; this is for those of libraries.
void close_on_exec_from(int lowest) noexcept;

}  // namespace reeve

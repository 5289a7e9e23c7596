// Runs a short-lived program of the system (an engine's command line, a probe) and brings back what it said.
//
// Built on Boost.Process v2 for the launch, with the guards that its 1.81 version needs (see the .cpp file),
// and on the process's own exit descriptor for the wait, so that the event loop never blocks.
#pragma once

#include "reeve/base/task.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

struct ToolCall {
    std::filesystem::path program;                 // absolute; see find_program
    std::vector<std::string> args;                 // without argv[0]
    std::map<std::string, std::string> extra_env;  // on top of our own environment; values may be secrets
    std::string input;                             // for standard input, at most 16 KiB; empty: /dev/null
    std::chrono::milliseconds limit{30'000};       // then TERM, a second later KILL
    std::size_t max_output = 16u * 1024 * 1024;    // of stdout and of stderr, each
};

struct ToolResult {
    int exit_code = -1;  // 128 + n when a signal ended it
    std::string out;
    std::string err;
};

// Errc::not_found (no such program), std::errc::permission_denied (not executable), Errc::timed_out,
// Errc::too_large, Errc::cancelled. A program that ran and exited non-zero is a value. On every way out the
// program is reaped and its process group killed; what a grandchild that left the group still holds open is
// not waited for. A cancelled call ends like one that is out of time, TERM first, and only then completes.
//
// On Linux the program is killed when the thread that started it ends, and so when we are killed.
Task<Result<ToolResult>> run_tool(ToolCall call);

// Runs a program that lives long and prints lines (an event stream). `on_line` is called for each line,
// without its end, on the loop's thread, and returns whether it wants more: if not, the program is ended and
// its end is a success, whatever the exit code. A line over `max_output` ends the stream. Completes when the
// program ends, or is cancelled; `limit` is not used, and `out` of the result is empty.
Task<Result<ToolResult>> stream_tool(ToolCall call, std::function<bool(std::string_view)> on_line);

// Absolute path of an executable: `name` itself when it has a slash, else the first on $PATH, whose relative
// entries are skipped. The error says which PATH was searched.
Result<std::filesystem::path> find_program(const std::string& name);

}  // namespace reeve

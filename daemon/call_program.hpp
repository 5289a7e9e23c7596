// One call of a program of the system, on a loop of its own, with a deadline and an output limit.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/task.hpp"
#include "reeve/engine/tool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace reeve {

// Waits for one task. For commands, which have no loop of their own.
template <class T>
T run_to_end(Task<T> task) {
    asio::io_context loop(1);
    T result;
    asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& bug, T value) {
        if (bug) std::rethrow_exception(bug);
        result = std::move(value);
    });
    loop.run();
    return result;
}

// `words[0]` is looked up on PATH. As run_tool: a program that ran and said no is a value.
Result<ToolResult> call_program(const std::vector<std::string>& words, std::chrono::milliseconds limit);
// The same, where saying no is an error (Errc::failed) with the program's own words.
Result<std::string> output_of(const std::vector<std::string>& words, std::chrono::milliseconds limit);

}  // namespace reeve

// Runs one coroutine on a loop of its own, and fails instead of hanging.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>

namespace reeve::test {

template <class T>
T run_to_end(asio::io_context& loop, Task<T> task,
             std::chrono::steady_clock::duration limit = std::chrono::seconds(30)) {
    std::optional<T> result;
    std::exception_ptr failure;
    asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& e, T value) {
        failure = e;
        result = std::move(value);
        loop.stop();
    });
    loop.restart();
    loop.run_for(limit);
    if (failure) std::rethrow_exception(failure);
    if (!result) throw std::runtime_error("the task did not end within its limit");
    return std::move(*result);
}

}  // namespace reeve::test

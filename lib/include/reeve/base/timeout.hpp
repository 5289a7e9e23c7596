// A deadline for any task that reports failure by value.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace reeve {

// The result of `work`, or nothing when `limit` passed first (the work was cancelled then).
// `work` must not throw: operator|| would swallow the exception and report a timeout
// (chriskohlhoff/asio#900).
template <class T>
Task<std::optional<T>> within(std::chrono::steady_clock::duration limit, Task<T> work) {
    using asio::experimental::awaitable_operators::operator||;
    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, limit);
    std::variant<T, std::tuple<boost::system::error_code>> first =
        co_await (std::move(work) || timer.async_wait(as_result));
    if (first.index() == 1) co_return std::nullopt;
    co_return std::move(std::get<0>(first));
}

}  // namespace reeve

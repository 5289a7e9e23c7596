#include "engine/side_by_side.hpp"

#include "reeve/base/cancelled.hpp"
#include "reeve/base/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace reeve {
namespace {

using Results = std::vector<Result<ToolResult>>;

Task<void> run_into(ToolCall call, Result<ToolResult>& result, asio::steady_timer& news) {
    result = co_await run_tool(std::move(call));
    news.cancel();
}

Task<Results> run_all(std::vector<ToolCall> calls) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const Executor executor = co_await asio::this_coro::executor;
    // A call that ends by an exception leaves its result as it began: an error.
    Results results(calls.size());
    asio::steady_timer news(executor, asio::steady_timer::time_point::max());
    TaskGroup group(executor, [&news](const std::string&) { news.cancel(); });
    for (std::size_t i = 0; i < calls.size(); ++i) {
        group.spawn(run_into(std::move(calls[i]), results[i], news));
    }
    while (group.size() > 0) {
        const auto [ec] = co_await news.async_wait(as_result);
        (void)ec;
        const bool cancelled = co_await is_cancelled();
        if (!cancelled) continue;
        group.cancel();
        co_await group.join();
    }
    co_return results;
}

}  // namespace

// A coroutine of its own, as in tool.cpp: Asio's cancellation state belongs to the spawned coroutine, and the
// caller's must stay as it is.
Task<Results> run_side_by_side(std::vector<ToolCall> calls) {
    const Executor executor = co_await asio::this_coro::executor;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const Result<ToolResult> cancelled = Error(Errc::cancelled, "running programs");
    Results none_ran(calls.size(), cancelled);
    if (calls.empty() || state.cancelled() != asio::cancellation_type::none) co_return none_ran;
    Task<Results> work = run_all(std::move(calls));
    auto [bug, results] = co_await asio::co_spawn(executor, std::move(work), as_result);
    if (bug) co_return none_ran;
    co_return std::move(results);
}

}  // namespace reeve

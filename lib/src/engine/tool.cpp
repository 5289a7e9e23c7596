#include "reeve/engine/tool.hpp"

#include "engine/tool_process.hpp"
#include "reeve/base/task_group.hpp"
#include "reeve/base/time_text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <csignal>

namespace reeve {
namespace {

constexpr std::chrono::seconds patience_after_term{1};
constexpr std::size_t max_input = 16'384;  // what a new pipe holds everywhere

// "docker ps": enough to know the call again, and free of arguments that may be private.
std::string describe(const ToolCall& call) {
    std::string text = "running " + call.program.filename().string();
    if (!call.args.empty() && !call.args.front().empty() && call.args.front().front() != '-')
        text += " " + call.args.front();
    return text;
}

// One call from start to end. What ends it early (a deadline, a limit, a cancellation) only records why and
// sends signals; the story itself always waits for the child's end and reaps it.
class Call {
  public:
    Call(Executor executor, const ToolCall& call, bool has_deadline)
        : executor_(executor),
          doing_(describe(call)),
          limit_(call.limit),
          end_(executor, has_deadline ? std::chrono::steady_clock::now() + call.limit
                                      : asio::steady_timer::time_point::max()),
          helpers_(executor, [this](std::string bug) {
              end_early(Error(Errc::failed, doing_, "internal error: " + bug));
          }) {}

    Task<Result<ToolResult>> run(ToolProcess& process) {
        helpers_.spawn(collect(process.out(), "standard output"));
        helpers_.spawn(collect(process.err(), "standard error"));
        helpers_.spawn(escalate(process));

        const bool ended = co_await process.ended();
        if (!ended) {
            end_early(Error(Errc::cancelled, doing_));
            co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
            const bool really_ended = co_await process.ended();
            (void)really_ended;
        }
        ended_ = true;
        helpers_.cancel();
        co_await helpers_.join();

        // The group goes first, so that nothing in it goes on writing while the rest is read.
        process.signal_group(SIGKILL);
        if (!why_early_ && !told_to_stop_) take_the_rest(process);
        ToolResult result;
        result.exit_code = process.reap();
        if (why_early_) co_return *why_early_;
        if (told_to_stop_) result.exit_code = 0;
        result.out = process.out().take_text();
        result.err = process.err().take_text();
        co_return result;
    }

  private:
    void end_early(Error why) {
        if (!why_early_) why_early_ = std::move(why);
        end_.cancel();
    }

    void note(Captured::Stopped stopped, const char* stream) {
        if (stopped == Captured::Stopped::at_the_limit) {
            end_early(Error(Errc::too_large, doing_,
                            std::string("it wrote more to its ") + stream + " than is accepted"));
        } else if (stopped == Captured::Stopped::as_told) {
            told_to_stop_ = true;
            end_.cancel();
        }
    }

    void take_the_rest(ToolProcess& process) {
        try {
            note(process.out().take_the_rest(), "standard output");
            note(process.err().take_the_rest(), "standard error");
        } catch (const std::exception& e) {  // thrown by the caller's on_line
            end_early(Error(Errc::failed, doing_, std::string("internal error: ") + e.what()));
        }
    }

    Task<void> collect(Captured& stream, const char* name) {
        const Captured::Stopped stopped = co_await stream.collect();
        note(stopped, name);
    }

    // Waits for the deadline or for end_early(); then TERM to the whole group, a second later KILL.
    Task<void> escalate(ToolProcess& process) {
        co_await asio::this_coro::throw_if_cancelled(false);
        if (!why_early_ && !told_to_stop_) {
            const auto [ec] = co_await end_.async_wait(as_result);
            (void)ec;
        }
        if (ended_) co_return;
        if (!why_early_ && !told_to_stop_) {
            why_early_ = Error(Errc::timed_out, doing_, "no end within " + format_duration(limit_));
        }
        process.signal_group(SIGTERM);
        asio::steady_timer patience(executor_, patience_after_term);
        const auto [ec] = co_await patience.async_wait(as_result);
        if (!ec) process.signal_group(SIGKILL);
    }

    Executor executor_;
    std::string doing_;
    std::chrono::milliseconds limit_;
    asio::steady_timer end_;
    TaskGroup helpers_;
    std::optional<Error> why_early_;
    bool told_to_stop_ = false;
    bool ended_ = false;
};

Task<Result<ToolResult>> call_tool(ToolCall call, Captured::OnLine on_line) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const Executor executor = co_await asio::this_coro::executor;
    const bool has_deadline = !on_line;
    Result<std::unique_ptr<ToolProcess>> process = ToolProcess::start(executor, call, std::move(on_line));
    if (!process) co_return process.error();
    Call running(executor, call, has_deadline);
    co_return co_await running.run(**process);
}

// Runs the call as a coroutine of its own. Asio keeps one cancellation state per spawned coroutine, not per
// function: what the call does to its state to clean up undisturbed must not happen to the caller's.
Task<Result<ToolResult>> in_its_own_coroutine(ToolCall call, Captured::OnLine on_line) {
    const Executor executor = co_await asio::this_coro::executor;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    const std::string doing = describe(call);
    if (state.cancelled() != asio::cancellation_type::none) co_return Error(Errc::cancelled, doing);
    if (!call.program.is_absolute()) {
        co_return Error(Errc::refused, doing, "the program's path is not absolute", "look it up first");
    }
    if (call.input.size() > max_input) co_return Error(Errc::too_large, doing, "more than 16 KiB of input");

    Task<Result<ToolResult>> work = call_tool(std::move(call), std::move(on_line));
    auto [bug, result] = co_await asio::co_spawn(executor, std::move(work), as_result);
    if (bug) co_return Error(Errc::failed, doing, "internal error");
    if (result) co_return std::move(result);
    // One word for "no such program", whichever part of its path is missing.
    const std::error_code code = result.error().code();
    if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory) {
        co_return Error(Errc::not_found, result.error().what(), code.message(),
                        "install it, or name one that exists");
    }
    co_return std::move(result);
}

}  // namespace

Task<Result<ToolResult>> run_tool(ToolCall call) {
    Captured::OnLine keep_everything;
    co_return co_await in_its_own_coroutine(std::move(call), std::move(keep_everything));
}

Task<Result<ToolResult>> stream_tool(ToolCall call, std::function<bool(std::string_view)> on_line) {
    co_return co_await in_its_own_coroutine(std::move(call), std::move(on_line));
}

}  // namespace reeve

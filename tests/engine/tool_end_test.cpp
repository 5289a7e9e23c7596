// How run_tool ends a program: deadline, limit, cancellation, and grandchildren that hold on.
#include "reeve/base/timeout.hpp"
#include "tool_fixture.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>

namespace reeve {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

class ToolEnd : public test::ToolTest {};

TEST_F(ToolEnd, EndsAPoliteProgramAtItsDeadline) {
    ToolCall call = shell("exec sleep 600");
    call.limit = milliseconds(100);
    const auto start = steady_clock::now();
    const auto result = run(call);
    EXPECT_EQ(result.error().code(), Errc::timed_out);
    EXPECT_LT(steady_clock::now() - start, milliseconds(900));
    EXPECT_THAT(result.error().message(), HasSubstr("100ms"));
}

TEST_F(ToolEnd, KillsAStubbornProgramASecondAfterItsDeadline) {
    const test::Mailbox grandchild(dir_ / "mail");
    ToolCall call = shell("trap '' TERM; (sleep 600 & echo $! >" + grandchild.path() + "; wait)");
    call.limit = milliseconds(300);
    const auto start = steady_clock::now();
    EXPECT_EQ(run(call).error().code(), Errc::timed_out);
    EXPECT_GE(steady_clock::now() - start, milliseconds(1300));
    EXPECT_LT(steady_clock::now() - start, milliseconds(5000));
    EXPECT_TRUE(test::has_ended(grandchild.wait_for_number(), 5'000));
}

TEST_F(ToolEnd, KillsAndReapsWhatItRunsWhenItIsCancelled) {
    const test::Mailbox mail(dir_ / "mail");
    asio::cancellation_signal signal;
    std::optional<Result<ToolResult>> result;
    asio::co_spawn(loop_, run_tool(shell("echo $$ >" + mail.path() + "; exec sleep 600")),
                   asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, Result<ToolResult> r) {
                       result = std::move(r);
                       loop_.stop();
                   }));
    loop_.restart();
    loop_.poll();
    const pid_t program = mail.wait_for_number();
    signal.emit(asio::cancellation_type::terminal);
    loop_.run_for(std::chrono::seconds(20));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->error().code(), Errc::cancelled);
    EXPECT_TRUE(test::has_ended(program));
}

// What within() does: the loser of a race is cancelled, and the winner's story goes on undisturbed.
Task<Result<ToolResult>> a_call_after_a_cancelled_one(ToolCall slow, ToolCall quick) {
    Task<Result<ToolResult>> work = run_tool(slow);
    const auto first = co_await within(milliseconds(50), std::move(work));
    if (first) co_return Error(Errc::failed, "the slow one ended");
    co_return co_await run_tool(quick);
}

TEST_F(ToolEnd, LeavesItsCallersCancellationStateAlone) {
    const auto result =
        test::run_to_end(loop_, a_call_after_a_cancelled_one(shell("exec sleep 600"), shell("echo fine")));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->out, "fine\n");
}

TEST_F(ToolEnd, DoesNotWaitForAGrandchildThatHoldsThePipe) {
    const auto start = steady_clock::now();
    const auto result = run(shell("sleep 600 & echo $!"));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(5));
    EXPECT_TRUE(test::has_ended(std::atoi(result->out.c_str()), 5'000));  // it was in the group
}

TEST_F(ToolEnd, EndsReadingEvenWhenTheLastBytesAndTheEndComeAtOnce) {
    // Many times, because what is tested is the moment between a read that has completed and its coroutine.
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(run(shell("sleep 600 & echo done")));
}

TEST_F(ToolEnd, DoesNotWaitForAGrandchildThatLeftTheGroupEither) {
    const std::string fifo = (dir_ / "fifo").string();
    const auto result = run(shell("mkfifo " + fifo + "; setsid sh -c 'echo $$ >" + fifo +
                                  "; exec sleep 600' & read -r pid <" + fifo + "; echo $pid"));
    ASSERT_TRUE(result) << result.error().message();
    const pid_t escaped = std::atoi(result->out.c_str());
    EXPECT_FALSE(test::has_ended(escaped));
    const auto handle = ProcessHandle::open(escaped);
    ASSERT_TRUE(handle && *handle);
    EXPECT_TRUE((*handle)->signal(SIGKILL));
    EXPECT_TRUE(test::has_ended(escaped, 5'000));
}

TEST_F(ToolEnd, KillsAndReapsWhenTheLoopGoesAwayUnderIt) {
    const test::Mailbox mail(dir_ / "mail");
    pid_t program = -1;
    {
        asio::io_context loop(1);
        asio::co_spawn(loop, run_tool(shell("echo $$ >" + mail.path() + "; exec sleep 600")),
                       [](std::exception_ptr, const Result<ToolResult>&) {});
        loop.poll();
        program = mail.wait_for_number();
    }
    EXPECT_TRUE(test::has_ended(program));
}

#ifdef __linux__
// As `docker events` of a supervisor that is killed, when there is no anchor to end it.
TEST_F(ToolEnd, EndsWhenItsCallerIsKilled) {
    const test::Mailbox mail(dir_ / "mail");
    const pid_t caller = ::fork();
    ASSERT_GE(caller, 0);
    if (caller == 0) {
        asio::io_context loop(1);
        (void)test::run_to_end(loop, run_tool(shell("echo $$ >" + mail.path() + "; exec sleep 600")));
        ::_exit(1);
    }
    const pid_t program = mail.wait_for_number();
    EXPECT_GT(program, 0);
    EXPECT_FALSE(test::has_ended(program));
    ::kill(caller, SIGKILL);
    EXPECT_EQ(::waitpid(caller, nullptr, 0), caller);
    EXPECT_TRUE(test::has_ended(program, 20'000));
}
#endif

TEST_F(ToolEnd, StopsAProgramThatTalksTooMuch) {
    ToolCall call = shell("while :; do echo and so on and on; done");
    call.max_output = 100'000;
    EXPECT_EQ(run(call).error().code(), Errc::too_large);

    call = shell("while :; do echo and so on and on >&2; done");
    call.max_output = 100'000;
    EXPECT_EQ(run(call).error().code(), Errc::too_large);
}

}  // namespace
}  // namespace reeve

// What run_tool brings back, and how the program is set up.
#include "reeve/base/scope_exit.hpp"
#include "tool_fixture.hpp"

#include <boost/asio/signal_set.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace reeve {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

class Tool : public test::ToolTest {};

TEST_F(Tool, BringsBackOutputErrorsAndExitCode) {
    const auto result = run(shell("echo said; echo complained >&2; exit 3"));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->exit_code, 3);
    EXPECT_EQ(result->out, "said\n");
    EXPECT_EQ(result->err, "complained\n");
}

TEST_F(Tool, CountsADeathBySignalAsAShellDoes) {
    const auto result = run(shell("kill -USR1 $$"));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->exit_code, 128 + SIGUSR1);
}

TEST_F(Tool, TellsAMissingProgramFromOneThatMayNotBeExecuted) {
    ToolCall call;
    call.program = dir_ / "missing";
    EXPECT_EQ(run(call).error().code(), Errc::not_found);

    call.program = dir_ / "plain";
    std::ofstream(call.program) << "#!/bin/sh\n";
    EXPECT_EQ(run(call).error().code(), std::errc::permission_denied);

    call.program = "relative/program";
    EXPECT_EQ(run(call).error().code(), Errc::refused);
}

TEST_F(Tool, DoesNotRunOurExitHandlersInAChildThatCouldNotExecute) {
    // The handler is registered in a child of the test, so that it cannot run in anything else.
    const std::filesystem::path witness = dir_ / "witness";
    static std::string path_of_witness;
    path_of_witness = witness.string();
    const pid_t parent = ::fork();
    if (parent == 0) {
        std::atexit([] { ::close(::open(path_of_witness.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); });
        asio::io_context loop(1);
        ToolCall call;
        call.program = "/nonexistent/program";
        const auto result = test::run_to_end(loop, run_tool(call));
        ::_exit(result.ok() ? 1 : 0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(parent, &status, 0), parent);
    EXPECT_EQ(status, 0);
    EXPECT_FALSE(std::filesystem::exists(witness));
}

TEST_F(Tool, AcceptsExactlyTheLimit) {
    ToolCall call = shell("printf 12345678");
    call.max_output = 8;
    const auto result = run(call);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->out, "12345678");
    call.max_output = 7;
    EXPECT_EQ(run(call).error().code(), Errc::too_large);
}

TEST_F(Tool, CarriesSixteenMebibytesWhole) {
    ToolCall call = shell("head -c 16777216 /dev/zero");
    const auto result = run(call);
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->out.size(), 16u * 1024 * 1024);
}

TEST_F(Tool, PassesNoDescriptorOnEvenIfALibraryLeftItInheritable) {
    const UniqueFd inheritable(::open("/dev/null", O_RDONLY));  // NOLINT: without O_CLOEXEC on purpose
    ASSERT_TRUE(inheritable);
    ToolCall call;
    call.program = "/bin/ls";
    call.args = {"/proc/self/fd"};
    const auto result = run(call);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->out, "0\n1\n2\n3\n");  // 3 is the directory that ls reads
}

TEST_F(Tool, GivesAnEmptyStandardInputOrTheOneThatWasAskedFor) {
    EXPECT_EQ(run(shell("cat; echo end"))->out, "end\n");
    ToolCall call = shell("cat");
    call.input = "a secret\n";
    EXPECT_EQ(run(call)->out, "a secret\n");
    call.input.assign(16'385, 'x');
    EXPECT_EQ(run(call).error().code(), Errc::too_large);
}

TEST_F(Tool, StartsItsProgramWithDefaultSignalsInAGroupOfItsOwn) {
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGUSR2);
    ::sigprocmask(SIG_BLOCK, &blocked, &before);
    const auto old_handler = ::signal(SIGPIPE, SIG_IGN);
    const auto result = run(
        shell("grep -E '^Sig(Blk|Ign)' /proc/self/status; set -- $(cat /proc/$$/stat); echo group $5 of $$"));
    ::signal(SIGPIPE, old_handler);
    sigset_t after;
    ::sigprocmask(SIG_SETMASK, &before, &after);
    ASSERT_TRUE(result);
    EXPECT_THAT(result->out, HasSubstr("SigBlk:\t0000000000000000"));
    EXPECT_THAT(result->out, HasSubstr("SigIgn:\t0000000000000000"));
    int group = 0, pid = -1;
    const auto line = result->out.find("group ");
    ASSERT_NE(line, std::string::npos);
    ASSERT_EQ(std::sscanf(result->out.c_str() + line, "group %d of %d", &group, &pid), 2);
    EXPECT_EQ(group, pid);
    EXPECT_EQ(sigismember(&after, SIGTERM), 1) << "our own mask must come back";
    EXPECT_EQ(sigismember(&after, SIGINT), 0);
}

TEST_F(Tool, AddsToTheEnvironmentAndReplacesInIt) {
    ::setenv("REEVE_TOOL_TEST", "ours", 1);
    ToolCall call = shell("printf '%s|%s' \"$REEVE_TOOL_TEST\" \"$LINES_OF_TEXT\"");
    EXPECT_EQ(run(call)->out, "ours|");
    call.extra_env = {{"REEVE_TOOL_TEST", "replaced"}, {"LINES_OF_TEXT", "one\ntwo"}};
    EXPECT_EQ(run(call)->out, "replaced|one\ntwo");
    ::unsetenv("REEVE_TOOL_TEST");
}

Task<Result<int>> alternate(ToolCall quick, ToolCall failing, int times) {
    int as_expected = 0;
    for (int i = 0; i < times; ++i) {
        const Result<ToolResult> ran = co_await run_tool(quick);
        if (ran && ran->exit_code == 0) ++as_expected;
        const Result<ToolResult> missing = co_await run_tool(failing);
        if (!missing) ++as_expected;
    }
    co_return as_expected;
}

TEST_F(Tool, LeavesNoZombieAndNoDescriptorBehindAfterManyCalls) {
    ToolCall missing;
    missing.program = "/nonexistent/program";
    EXPECT_EQ(*test::run_to_end(loop_, alternate(shell("exit 0"), missing, 100)), 200);
}  // TearDown counts

class SeesForks : public asio::execution_context::service {
  public:
    using key_type = SeesForks;
    static inline asio::execution_context::id id;
    explicit SeesForks(asio::execution_context& context) : service(context) {}
    int seen = 0;

  private:
    void shutdown() override {}
    void notify_fork(asio::execution_context::fork_event) override { ++seen; }
};

// Asio's own services allocate memory and may throw when they are told of one, in the child, too.
TEST_F(Tool, TellsNoServiceOfTheLoopOfItsForks) {
    auto& service = asio::use_service<SeesForks>(loop_);
    ASSERT_TRUE(run(shell("exit 0")));
    EXPECT_EQ(service.seen, 0);
}

// Each path is another stack, because what a sanitizer locks is its store of stacks.
std::unique_ptr<int> allocate_by(unsigned path);
std::unique_ptr<int> allocate_one_way(unsigned path) { return allocate_by(path); }
std::unique_ptr<int> allocate_other_way(unsigned path) { return allocate_by(path); }
std::unique_ptr<int> allocate_by(unsigned path) {
    if (path <= 1) return std::make_unique<int>(1);
    return path % 2 == 0 ? allocate_one_way(path / 2) : allocate_other_way(path / 2);
}

// A child that allocates before it executes may wait for ever for a lock that another thread held at the
// fork.
TEST_F(Tool, StartsProgramsWhileOtherThreadsAllocateMemory) {
    const asio::signal_set signals(loop_, SIGUSR1);
    open_before_ = open_descriptors();  // its pipe stays as long as the loop
    std::atomic<bool> enough{false};
    std::atomic<unsigned> next{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            while (!enough) (void)allocate_by(0x80000000U | next++);
        });
    }
    const ScopeExit end([&] {
        enough = true;
        for (std::thread& thread : threads) thread.join();
    });
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(run(shell("exit 0"))) << i;
}

TEST_F(Tool, RunsCallsSideBySideWithoutBlockingTheLoop) {
    int ended = 0;
    const auto start = steady_clock::now();
    for (int i = 0; i < 10; ++i) {
        asio::co_spawn(loop_, run_tool(shell(i % 2 == 0 ? "sleep 0.01" : "sleep 0.6")),
                       [&](std::exception_ptr, Result<ToolResult> result) {
                           if (result) ++ended;
                       });
    }
    loop_.restart();
    loop_.run_for(std::chrono::seconds(20));
    EXPECT_EQ(ended, 10);
    EXPECT_LT(steady_clock::now() - start, milliseconds(2'500));  // one after another: over 3 s
}

}  // namespace
}  // namespace reeve

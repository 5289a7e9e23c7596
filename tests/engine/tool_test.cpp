// run_tool and stream_tool against real programs: shells, and the ways in which they misbehave.
#include "reeve/engine/tool.hpp"

#include "reeve/base/scope_exit.hpp"
#include "reeve/base/timeout.hpp"
#include "reeve/base/unique_fd.hpp"
#include "support/run_to_end.hpp"
#include "support/temp_dir.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

namespace reeve {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;

class Tool : public testing::Test {
  protected:
    // Every test: nothing unreaped, and no descriptor more than before.
    void SetUp() override {
        warm_up();
        open_before_ = open_descriptors();
    }
    void TearDown() override {
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
        EXPECT_EQ(errno, ECHILD);
        EXPECT_EQ(open_descriptors(), open_before_);
    }

    ToolCall shell(const std::string& script) {
        ToolCall call;
        call.program = "/bin/sh";
        call.args = {"-c", script};
        return call;
    }
    Result<ToolResult> run(ToolCall call) { return test::run_to_end(loop_, run_tool(std::move(call))); }

    static std::size_t open_descriptors() {
        const std::filesystem::directory_iterator all("/dev/fd");
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }
    // The first call makes what Asio keeps for good: epoll, its timer.
    void warm_up() { ASSERT_TRUE(run(shell("exit 0"))); }

    asio::io_context loop_{1};
    test::TempDir dir_;
    std::size_t open_before_ = 0;
};

// Ends when `path` exists, which a script makes to say how far it has come.
void wait_for_file(const std::filesystem::path& path) {
    const auto deadline = steady_clock::now() + std::chrono::seconds(20);
    while (!std::filesystem::exists(path) && steady_clock::now() < deadline) ::usleep(2'000);
    ASSERT_TRUE(std::filesystem::exists(path)) << path;
}

pid_t number_in(const std::filesystem::path& path) {
    pid_t number = -1;
    std::ifstream(path) >> number;
    return number;
}

bool lives(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    const std::string text((std::istreambuf_iterator<char>(stat)), {});
    const auto name_end = text.rfind(')');
    return name_end != std::string::npos && text[name_end + 2] != 'Z';
}

void expect_gone(pid_t pid) {
    ASSERT_GT(pid, 0);
    const auto deadline = steady_clock::now() + std::chrono::seconds(5);
    while (lives(pid) && steady_clock::now() < deadline) ::usleep(2'000);
    EXPECT_FALSE(lives(pid));
}

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

TEST_F(Tool, StopsAProgramThatTalksTooMuch) {
    ToolCall call = shell("while :; do echo and so on and on; done");
    call.max_output = 100'000;
    EXPECT_EQ(run(call).error().code(), Errc::too_large);

    call = shell("while :; do echo and so on and on >&2; done");
    call.max_output = 100'000;
    EXPECT_EQ(run(call).error().code(), Errc::too_large);
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

TEST_F(Tool, EndsAPoliteProgramAtItsDeadline) {
    ToolCall call = shell("exec sleep 600");
    call.limit = milliseconds(100);
    const auto start = steady_clock::now();
    const auto result = run(call);
    EXPECT_EQ(result.error().code(), Errc::timed_out);
    EXPECT_LT(steady_clock::now() - start, milliseconds(900));
    EXPECT_THAT(result.error().message(), HasSubstr("100ms"));
}

TEST_F(Tool, KillsAStubbornProgramASecondAfterItsDeadline) {
    const auto child = dir_ / "child";
    ToolCall call = shell("trap '' TERM; (sleep 600 & echo $! >" + child.string() + "; wait)");
    call.limit = milliseconds(300);
    const auto start = steady_clock::now();
    EXPECT_EQ(run(call).error().code(), Errc::timed_out);
    EXPECT_GE(steady_clock::now() - start, milliseconds(1300));
    EXPECT_LT(steady_clock::now() - start, milliseconds(5000));
    expect_gone(number_in(child));
}

TEST_F(Tool, KillsAndReapsWhatItRunsWhenItIsCancelled) {
    const auto pid_file = dir_ / "pid";
    ToolCall call = shell("echo $$ >" + pid_file.string() + ".new; mv " + pid_file.string() + ".new " +
                          pid_file.string() + "; exec sleep 600");
    asio::cancellation_signal signal;
    std::optional<Result<ToolResult>> result;
    asio::co_spawn(loop_, run_tool(call),
                   asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, Result<ToolResult> r) {
                       result = std::move(r);
                       loop_.stop();
                   }));
    loop_.restart();
    loop_.run_for(milliseconds(50));
    wait_for_file(pid_file);
    signal.emit(asio::cancellation_type::terminal);
    loop_.restart();
    loop_.run_for(std::chrono::seconds(20));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->error().code(), Errc::cancelled);
    EXPECT_FALSE(lives(number_in(pid_file)));
}

// What within() does: the loser of a race is cancelled, and the winner's story goes on undisturbed.
Task<Result<ToolResult>> a_call_after_a_cancelled_one(ToolCall slow, ToolCall quick) {
    Task<Result<ToolResult>> work = run_tool(slow);
    const auto first = co_await within(milliseconds(50), std::move(work));
    if (first) co_return Error(Errc::failed, "the slow one ended");
    co_return co_await run_tool(quick);
}

TEST_F(Tool, LeavesItsCallersCancellationStateAlone) {
    const auto result =
        test::run_to_end(loop_, a_call_after_a_cancelled_one(shell("exec sleep 600"), shell("echo fine")));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->out, "fine\n");
}

TEST_F(Tool, DoesNotWaitForAGrandchildThatHoldsThePipe) {
    const auto pid_file = dir_ / "pid";
    const auto start = steady_clock::now();
    const auto result = run(shell("sleep 600 & echo $! >" + pid_file.string() + "; echo done"));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->out, "done\n");
    EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(5));
    expect_gone(number_in(pid_file));  // it was in the group
}

TEST_F(Tool, EndsReadingEvenWhenTheLastBytesAndTheEndComeAtOnce) {
    // Many times, because what is tested is the moment between a read that has completed and its coroutine.
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(run(shell("sleep 600 & echo done")));
}

TEST_F(Tool, DoesNotWaitForAGrandchildThatLeftTheGroupEither) {
    const auto pid_file = dir_ / "pid";
    const auto result =
        run(shell("setsid sh -c 'echo $$ >" + pid_file.string() + ".new; mv " + pid_file.string() + ".new " +
                  pid_file.string() + "; exec sleep 600' & until test -e " + pid_file.string() +
                  "; do :; done; echo done"));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->out, "done\n");
    const pid_t escaped = number_in(pid_file);
    EXPECT_TRUE(lives(escaped));
    ::kill(escaped, SIGKILL);  // started by this test, and nobody has reaped it: its parent is gone
    expect_gone(escaped);
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
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::sigaddset(&blocked, SIGUSR2);
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
    EXPECT_EQ(::sigismember(&after, SIGTERM), 1) << "our own mask must come back";
    EXPECT_EQ(::sigismember(&after, SIGINT), 0);
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

TEST_F(Tool, StreamsLinesAsTheyCome) {
    std::vector<std::string> lines;
    ToolCall call = shell("printf 'one\\ntw'; printf 'o\\n\\nlast'");
    const auto result = test::run_to_end(loop_, stream_tool(call, [&](std::string_view line) {
                                             lines.emplace_back(line);
                                             return true;
                                         }));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_THAT(lines, testing::ElementsAre("one", "two", "", "last"));
}

TEST_F(Tool, KnowsNoDeadlineForAStreamButEndsAnEndlessLine) {
    ToolCall call = shell("sleep 0.3; echo late");
    call.limit = milliseconds(50);
    int lines = 0;
    ASSERT_TRUE(test::run_to_end(loop_, stream_tool(call, [&](std::string_view) { return ++lines > 0; })));
    EXPECT_EQ(lines, 1);

    call = shell("while :; do printf xxxxxxxxxxxxxxxx; done");
    call.max_output = 10'000;
    EXPECT_EQ(
        test::run_to_end(loop_, stream_tool(call, [](std::string_view) { return true; })).error().code(),
        Errc::too_large);
}

TEST_F(Tool, EndsAStreamWhoseListenerHasHeardEnough) {
    ToolCall call = shell("echo one; echo two; exec sleep 600");
    int lines = 0;
    const auto result = test::run_to_end(loop_, stream_tool(call, [&](std::string_view) {
                                             ++lines;
                                             return false;
                                         }));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->exit_code, 0);
    EXPECT_EQ(lines, 1);
}

TEST_F(Tool, EndsAStreamWhoseListenerThrowsWithoutTakingTheLoopDown) {
    ToolCall call = shell("echo one; exec sleep 600");
    const auto result = test::run_to_end(
        loop_, stream_tool(call, [](std::string_view) -> bool { throw std::runtime_error("listener"); }));
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message(), HasSubstr("listener"));
}

TEST_F(Tool, KillsAndReapsWhenTheLoopGoesAwayUnderIt) {
    const auto pid_file = dir_ / "pid";
    {
        asio::io_context loop(1);
        asio::co_spawn(loop, run_tool(shell("echo $$ >" + pid_file.string() + "; exec sleep 600")),
                       [](std::exception_ptr, const Result<ToolResult>&) {});
        loop.run_for(milliseconds(50));
        wait_for_file(pid_file);
    }
    EXPECT_FALSE(lives(number_in(pid_file)));
}

class FindProgram : public testing::Test {
  protected:
    void SetUp() override { before_ = std::getenv("PATH"); }
    void TearDown() override { ::setenv("PATH", before_.c_str(), 1); }
    std::filesystem::path make(const std::string& name, mode_t mode) {
        const auto path = dir_ / name;
        std::ofstream(path) << "#!/bin/sh\n";
        ::chmod(path.c_str(), mode);
        return path;
    }
    test::TempDir dir_;
    std::string before_;
};

TEST_F(FindProgram, TakesTheFirstExecutableFileOnPath) {
    const auto second = dir_ / "second";
    std::filesystem::create_directory(second);
    make("tool", 0600);
    const auto tool = make("second/tool", 0700);
    std::filesystem::create_directory(dir_ / "folder");
    ::setenv("PATH", (dir_.path().string() + ":" + second.string()).c_str(), 1);
    EXPECT_EQ(*find_program("tool"), tool);
    const auto folder = find_program("folder");
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().code(), Errc::not_found);
    EXPECT_THAT(folder.error().message(), HasSubstr(second.string()));
}

TEST_F(FindProgram, NeverSearchesTheCurrentDirectory) {
    make("tool", 0700);
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(dir_.path());
    ::setenv("PATH", ":.:", 1);
    const auto found = find_program("tool");
    std::filesystem::current_path(before);
    EXPECT_FALSE(found);
}

TEST_F(FindProgram, ChecksANamedPathAndMakesItAbsolute) {
    EXPECT_EQ(*find_program(make("tool", 0700).string()), dir_ / "tool");
    EXPECT_EQ(find_program(make("plain", 0600).string()).error().code(), std::errc::permission_denied);
    EXPECT_EQ(find_program((dir_ / "none").string()).error().code(), Errc::not_found);
    EXPECT_FALSE(find_program(""));
}

}  // namespace
}  // namespace reeve

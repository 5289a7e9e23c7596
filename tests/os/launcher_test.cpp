#include "reeve/os/launcher.hpp"

#include "reeve/os/process_table.hpp"
#include "support/temp_dir.hpp"
#include "support/wait_until.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <vector>

namespace reeve {
namespace {

using test::TempDir;

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

LaunchSpec shell(const std::string& script, int out = -1) {
    LaunchSpec spec;
    spec.program = "/bin/sh";
    spec.argv = {"sh", "-c", script};
    spec.env = {"PATH=/usr/bin:/bin"};
    spec.out = out;
    spec.err = out;
    return spec;
}

bool readable(int fd, int timeout_ms = 10'000) {
    pollfd waiting{fd, POLLIN, 0};
    return ::poll(&waiting, 1, timeout_ms) == 1;
}

ExitStatus run_to_exit(GatedChild& child) {
    EXPECT_TRUE(child.open().ok());
    EXPECT_TRUE(readable(child.handle().exit_fd()));
    const auto status = reap_exit(child.pid());
    EXPECT_TRUE(status.has_value());
    return status.value_or(ExitStatus{});
}

TEST(Launcher, RunsNothingBeforeTheGateIsOpened) {
    const TempDir dir;
    auto child = launch_gated(shell("echo ran > " + (dir / "proof").string()));
    ASSERT_TRUE(child.ok());
    // The child has come as far as it can: it leads its session, and waits.
    const auto here = this_host();
    ASSERT_TRUE(identify(child->pid(), *here).ok());
    EXPECT_FALSE(readable(child->handle().exit_fd(), 100));
    EXPECT_FALSE(std::filesystem::exists(dir / "proof"));
    EXPECT_TRUE(run_to_exit(*child).clean());
    EXPECT_EQ(text_of(dir / "proof"), "ran\n");
}

TEST(Launcher, ChildAtTheGateLeavesWithoutRunningWhenItsParentGoes) {
    const TempDir dir;
    auto child = launch_gated(shell("echo ran > " + (dir / "proof").string()));
    ASSERT_TRUE(child.ok());
    const pid_t pid = child->pid();
    ProcessHandle handle = std::move(child->handle());
    { const GatedChild abandoned = std::move(*child); }
    EXPECT_TRUE(readable(handle.exit_fd()));
    EXPECT_TRUE(reap_exit(pid)->clean());
    EXPECT_FALSE(std::filesystem::exists(dir / "proof"));
}

TEST(Launcher, GivesItAMarkThatNeitherExecNorAnEmptyEnvironmentClears) {
    constexpr std::uint64_t mark = (1ULL << 62U) + 4711;
    const TempDir dir;
    LaunchSpec spec = shell("setsid -f env -i /bin/sh -c 'echo $$ > " + (dir / "new").string() + "; mv " +
                            (dir / "new").string() + " " + (dir / "pid").string() +
                            "; exec sleep 60' <&- >&- 2>&-; sleep 60");
    spec.mark = mark;
    auto child = launch_gated(spec);
    ASSERT_TRUE(child.ok());
    ASSERT_TRUE(child->open().ok());
    ASSERT_TRUE(test::wait_until([&] { return std::filesystem::exists(dir / "pid"); }));
    const pid_t hidden = std::stoi(text_of(dir / "pid"));
    const auto held = ProcessHandle::open(hidden);
    ASSERT_TRUE(held.ok() && held->has_value());
    EXPECT_EQ(inherited_mark_of(hidden), mark);
    EXPECT_EQ(inherited_mark_of(child->pid()), mark);
    EXPECT_EQ(inherited_mark_of(::getpid()), 0U) << "a limit that says unlimited is no mark";
    EXPECT_TRUE((*held)->signal(SIGKILL).ok());
    EXPECT_TRUE(child->handle().signal(SIGKILL).ok());
    EXPECT_TRUE(readable(child->handle().exit_fd()));
    EXPECT_TRUE(reap_exit(child->pid()).has_value());
}

TEST(Launcher, GivesTheCommandASessionAndGroupOfItsOwn) {
    const TempDir dir;
    const UniqueFd out(::open((dir / "out").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    auto child = launch_gated(shell("cut -d' ' -f1,5,6 /proc/$$/stat", out.get()));
    ASSERT_TRUE(child.ok());
    const std::string pid = std::to_string(child->pid());
    run_to_exit(*child);
    EXPECT_EQ(text_of(dir / "out"), pid + " " + pid + " " + pid + "\n");
}

TEST(Launcher, ResetsSignalMaskAndDispositions) {
    const TempDir dir;
    const UniqueFd out(::open((dir / "out").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    sigset_t some;
    sigset_t before;
    ::sigemptyset(&some);
    ::sigaddset(&some, SIGTERM);
    ::sigaddset(&some, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &some, &before);
    const auto old = ::signal(SIGHUP, SIG_IGN);
    auto child = launch_gated(shell("grep -E '^Sig(Blk|Ign):' /proc/self/status", out.get()));
    ::signal(SIGHUP, old);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_TRUE(child.ok());
    run_to_exit(*child);
    EXPECT_EQ(text_of(dir / "out"), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Launcher, LeaksNoDescriptorEvenOneThatIsInheritable) {
    const TempDir dir;
    const UniqueFd out(::open((dir / "out").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const UniqueFd inheritable(::open("/dev/null", O_RDONLY));  // not close-on-exec, on purpose
    auto child = launch_gated(shell(
        "n=0; while [ $n -lt 64 ]; do [ -e /proc/$$/fd/$n ] && echo $n; n=$((n+1)); done; true", out.get()));
    ASSERT_TRUE(child.ok());
    run_to_exit(*child);
    EXPECT_EQ(text_of(dir / "out"), "0\n1\n2\n");
}

TEST(Launcher, ChildAtTheGateHoldsNoDescriptorOfOurs) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    auto child = launch_gated(shell("exit 0"));
    ASSERT_TRUE(child.ok());
    // As a lock would be kept by an inherited descriptor, so would be the writing end of this pipe.
    writer.reset();
    EXPECT_TRUE(readable(reader.get())) << "the child at the gate still has the pipe open";
    run_to_exit(*child);
}

// They may share our memory until they execute: what was said of one must not become what is said of the
// next.
TEST(Launcher, ManyWaitAtTheirGatesAtOnceAndEachRunsWhatItWasGiven) {
    const TempDir dir;
    constexpr int many = 100;
    std::vector<GatedChild> children;
    for (int i = 0; i < many; ++i) {
        LaunchSpec spec = shell("printf '%s %s' \"$0\" \"$WORD\" > \"$FILE\"");
        spec.argv.push_back("argument-" + std::to_string(i) + std::string(200, 'x'));
        spec.env.push_back("WORD=word-" + std::to_string(i));
        spec.env.push_back("FILE=" + (dir / std::to_string(i)).string());
        auto child = launch_gated(spec);
        ASSERT_TRUE(child.ok());
        children.push_back(std::move(*child));
    }
    for (GatedChild& child : children) ASSERT_TRUE(child.open().ok());
    for (GatedChild& child : children) {
        ASSERT_TRUE(readable(child.report_fd()));
        EXPECT_FALSE(child.outcome().has_value());
    }
    for (int i = 0; i < many; ++i) {
        const GatedChild& child = children.at(static_cast<std::size_t>(i));
        ASSERT_TRUE(readable(child.handle().exit_fd()));
        EXPECT_TRUE(reap_exit(child.pid())->clean());
        EXPECT_EQ(text_of(dir / std::to_string(i)),
                  "argument-" + std::to_string(i) + std::string(200, 'x') + " word-" + std::to_string(i));
    }
}

TEST(Launcher, WhatFailsInTheChildDoesNotTouchTheErrnoOfItsParent) {
    LaunchSpec spec = shell("exit 0");
    spec.cwd = "/nonexistent";
    auto child = launch_gated(spec);
    ASSERT_TRUE(child.ok());
    const char go = 1;
    const UniqueFd gate = child->take_gate();
    ASSERT_EQ(::send(gate.get(), &go, 1, 0), 1);
    errno = 0;
    // Nothing is called here that would set it.
    while (errno == 0 && !readable(child->handle().exit_fd(), 0)) {
    }
    EXPECT_EQ(errno, 0);
    EXPECT_EQ(reap_exit(child->pid())->code, 126);
}

TEST(Launcher, GivesItsLimits) {
    const TempDir dir;
    const UniqueFd out(::open((dir / "out").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    LaunchSpec spec = shell("ulimit -n; ulimit -c; nice", out.get());
    rlimit open_files{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &open_files), 0);
    open_files.rlim_cur = 60;
    spec.open_files = open_files;
    spec.limits.resources = {{RLIMIT_CORE, {0, 0}, "core"}};
    spec.limits.nice = ::getpriority(PRIO_PROCESS, 0) + 1;
    auto child = launch_gated(spec);
    ASSERT_TRUE(child.ok());
    run_to_exit(*child);
    EXPECT_EQ(text_of(dir / "out"), "60\n0\n" + std::to_string(*spec.limits.nice) + "\n");
}

TEST(Launcher, TellsAMissingProgramFromOneThatRanAndFailed) {
    LaunchSpec missing;
    missing.program = "/nonexistent/program";
    missing.argv = {"program"};
    auto child = launch_gated(missing);
    ASSERT_TRUE(child.ok());
    ASSERT_TRUE(child->open().ok());
    ASSERT_TRUE(readable(child->report_fd()));
    const auto failure = child->outcome();
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->step, LaunchFailure::Step::exec);
    EXPECT_EQ(failure->error, ENOENT);
    EXPECT_EQ(failure->exit_code(), 127);
    EXPECT_TRUE(readable(child->handle().exit_fd()));
    EXPECT_EQ(reap_exit(child->pid())->code, 127);

    auto fails = launch_gated(shell("exit 127"));
    ASSERT_TRUE(fails->open().ok());
    ASSERT_TRUE(readable(fails->report_fd()));
    EXPECT_FALSE(fails->outcome().has_value());
    EXPECT_TRUE(readable(fails->handle().exit_fd()));
    EXPECT_EQ(reap_exit(fails->pid())->code, 127);
}

TEST(Launcher, NamesTheDirectoryThatCannotBeEntered) {
    LaunchSpec spec = shell("exit 0");
    spec.cwd = "/nonexistent";
    auto child = launch_gated(spec);
    ASSERT_TRUE(child->open().ok());
    ASSERT_TRUE(readable(child->report_fd()));
    const auto failure = child->outcome();
    ASSERT_TRUE(failure.has_value());
    EXPECT_EQ(failure->message(spec), "entering /nonexistent: No such file or directory");
    EXPECT_TRUE(readable(child->handle().exit_fd()));
    reap_exit(child->pid());
}

TEST(Launcher, ReportsASignalAsSuch) {
    auto child = launch_gated(shell("kill -9 $$"));
    ASSERT_TRUE(child.ok());
    EXPECT_EQ(run_to_exit(*child), (ExitStatus{-1, SIGKILL}));
}

TEST(Launcher, PeekLeavesTheZombieThatPinsThePid) {
    auto child = launch_gated(shell("exit 3"));
    ASSERT_TRUE(child->open().ok());
    ASSERT_TRUE(readable(child->handle().exit_fd()));
    EXPECT_EQ(peek_exit(child->pid())->code, 3);
    EXPECT_EQ(look_at(child->pid()).state, ProcessSeen::State::zombie);
    EXPECT_EQ(peek_exit(child->pid())->code, 3);
    EXPECT_EQ(reap_exit(child->pid())->code, 3);
    EXPECT_EQ(look_at(child->pid()).state, ProcessSeen::State::absent);
}

}  // namespace
}  // namespace reeve

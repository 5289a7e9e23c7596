#include "reeve/os/launcher.hpp"

#include "reeve/os/process_table.hpp"
#include "support/temp_dir.hpp"
#include "support/wait_until.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>

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

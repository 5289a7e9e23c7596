// Forced reuse of a pid: a stranger gets the very number of a session's dead leader, mostly within the same
// clock tick. In a pid namespace of its own, where the next pid may be chosen by /proc/sys/kernel/ns_last_pid
// (proc(5)).
#include "reeve/core/process_finder.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/launcher.hpp"
#include "reeve/os/own_program.hpp"
#include "reeve/os/process_table.hpp"
#include "support/run_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>

namespace reeve {
namespace {

constexpr int rounds = 300;

GatedChild sleeper() {
    LaunchSpec spec;
    spec.program = "/bin/sleep";
    spec.argv = {"sleep", "60"};
    spec.env = {"PATH=/bin"};  // nobody's token
    auto child = launch_gated(spec);
    EXPECT_TRUE(child.ok());
    EXPECT_TRUE(child->open().ok());
    return std::move(*child);
}

void end(const GatedChild& child) {
    EXPECT_TRUE(child.handle().signal(SIGKILL).ok());
    pollfd ended{child.handle().exit_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&ended, 1, 10'000), 1);
    EXPECT_TRUE(reap_exit(child.pid()).has_value());
}

bool next_pid_is(pid_t pid) {
    std::ofstream last("/proc/sys/kernel/ns_last_pid");
    last << pid - 1;
    last.flush();
    return static_cast<bool>(last);
}

// Played inside the namespace.
void play() {
    const auto here = this_host();
    ASSERT_TRUE(here.ok()) << here.error().message();
    int reused = 0;
    int same_tick = 0;
    for (int i = 0; i < rounds; ++i) {
        const GatedChild leader = sleeper();
        RecordedLeader recorded;
        recorded.instance.value = "11111111-2222-4333-8444-555555555555";
        recorded.name.value = "api";
        const auto identity = identify(leader.pid(), *here);
        ASSERT_TRUE(identity.ok());
        recorded.leader = *identity;
        end(leader);
        ASSERT_TRUE(next_pid_is(leader.pid()));
        const GatedChild innocent = sleeper();
        if (innocent.pid() == leader.pid()) {
            ++reused;
            const ProcessSeen seen = innocent.handle().look();
            if (seen.start_time == recorded.leader.start_time) ++same_tick;
            EXPECT_EQ(compare(recorded.leader, *here, seen), Identity::different);
            for (const std::uint64_t witness : {recorded.leader.pidfs_inode, std::uint64_t{0}}) {
                // Without the inode, as on older kernels, only the token that it does not have could speak
                // for it.
                recorded.leader.pidfs_inode = witness;
                const auto found = find_processes({&recorded, 1}, *here);
                ASSERT_TRUE(found.ok());
                EXPECT_TRUE(found->empty())
                    << "an innocent would be signalled, by " << to_string(found->front().member.evidence);
            }
            // The old handle holds a process that is gone, not its number.
            EXPECT_EQ(leader.handle().signal(0).error().code(), std::errc::no_such_process);
            EXPECT_EQ(look_at(innocent.pid()).state, ProcessSeen::State::running);
        }
        end(innocent);
    }
    EXPECT_GT(reused, rounds / 2) << "the test has tried nothing";
    EXPECT_GT(same_tick, 0) << "no pid was reused within a clock tick: the hard case was not tried";
}

TEST(PidReuse, NeverMakesAnInnocentOfTheSameNumberOursOverHundredsOfRounds) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can choose the next pid";
    if (std::getenv("REEVE_TEST_INSIDE") != nullptr) {
        play();
        return;
    }
    const auto own = own_program();
    ASSERT_TRUE(own.ok());
    test::Program inside;
    inside.argv = {
        "/usr/bin/unshare",         "--pid", "--fork", "--kill-child", "--mount-proc", own->string(),
        "--gtest_filter=PidReuse.*"};
    inside.env = {{"PATH", "/usr/bin:/bin"}, {"REEVE_TEST_INSIDE", "1"}};
    inside.limit = std::chrono::seconds(100);
    const auto ended = run_program(inside);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    EXPECT_THAT(ended.out, testing::HasSubstr("[  PASSED  ] 1 test."));
}

}  // namespace
}  // namespace reeve

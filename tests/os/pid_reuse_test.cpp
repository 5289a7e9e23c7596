// Forced reuse of a pid: a stranger gets the very number of somebody of ours, mostly within the same clock
// tick; before we look, and between our first look and our last. In a pid namespace of its own, where the
// next pid may be chosen by /proc/sys/kernel/ns_last_pid (proc(5)).
//
// This program is built with a process finder that calls between_looks() (witness.cmake), and once more for
// each witness with one that does without it: those must fail.
#include "reeve/base/unique_fd.hpp"
#include "reeve/core/process_finder.hpp"
#include "reeve/model/labels.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/launcher.hpp"
#include "reeve/os/own_program.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"
#include "support/run_program.hpp"
#include "support/sanitized.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>

namespace reeve {
namespace {

int rounds() {
    const char* wanted = std::getenv("REEVE_TEST_ROUNDS");  // NOLINT(concurrency-mt-unsafe): one thread
    return wanted != nullptr ? std::atoi(wanted) : test::rounds(2000);
}

// Each run has its own: its control group bears that name, and runs go on side by side.
const InstanceId instance{new_uuid()};
const SessionName session{"api"};

LaunchSpec stranger() {
    LaunchSpec spec;
    spec.program = "/bin/sleep";
    spec.argv = {"sleep", "60"};
    spec.env = {"PATH=/bin"};  // nobody's token
    return spec;
}

GatedChild sleeper(const LaunchSpec& spec = stranger()) {
    auto child = launch_gated(spec);
    EXPECT_TRUE(child.ok());
    EXPECT_TRUE(child->open().ok());
    // Until it is what it is to be: its environment comes with the exec.
    pollfd executed{child->report_fd(), POLLIN, 0};
    EXPECT_EQ(::poll(&executed, 1, 10'000), 1);
    EXPECT_FALSE(child->outcome().has_value());
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

// Until a clock tick has just begun: who is born now and dies soon can be followed by a stranger of the same
// start time.
void await_tick() {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t tick = second / ::sysconf(_SC_CLK_TCK);
    timespec now{};
    ASSERT_EQ(::clock_gettime(CLOCK_BOOTTIME, &now), 0);
    const std::int64_t next = ((now.tv_sec * second + now.tv_nsec) / tick + 1) * tick;
    const itimerspec then{{}, {next / second, next % second}};
    const UniqueFd timer(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
    ASSERT_EQ(::timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &then, nullptr), 0);
    pollfd begun{timer.get(), POLLIN, 0};
    ASSERT_EQ(::poll(&begun, 1, 10'000), 1);
}

// Played inside the namespace.
void play() {
    const auto here = this_host();
    ASSERT_TRUE(here.ok()) << here.error().message();
    int reused = 0;
    int same_tick = 0;
    for (int i = 0; i < rounds(); ++i) {
        const GatedChild leader = sleeper();
        RecordedLeader recorded;
        recorded.instance = instance;
        recorded.name = session;
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
    EXPECT_GT(reused, rounds() / 2) << "the test has tried nothing";
    EXPECT_GT(same_tick, 0) << "no pid was reused within a clock tick: the hard case was not tried";
}

// Somebody of ours, told by one kind of evidence, who is gone between the two looks, with a stranger in his
// place.
class Swap {
  public:
    explicit Swap(GatedChild member)
        : member_(std::move(member)), start_time_(member_.handle().look().start_time) {}
    void operator()(pid_t pid) {
        if (pid != member_.pid() || stranger_) return;
        end(member_);
        ASSERT_TRUE(next_pid_is(pid));
        stranger_ = sleeper();
    }
    bool same_number() const { return stranger_ && stranger_->pid() == member_.pid(); }
    bool same_tick() const { return look_at(stranger_->pid()).start_time == start_time_; }
    pid_t pid() const { return member_.pid(); }
    void tidy() { end(stranger_ ? *stranger_ : member_); }

  private:
    GatedChild member_;
    std::uint64_t start_time_;
    std::optional<GatedChild> stranger_;
};

Swap* swap_now = nullptr;

void play_between_looks(const LaunchSpec& spec, const std::string& cgroup, Evidence evidence) {
    const auto here = this_host();
    ASSERT_TRUE(here.ok());
    RecordedLeader recorded;
    recorded.instance = instance;
    recorded.name = session;
    recorded.cgroup = cgroup;
    // Only a stranger of the same start time is a hard case. How often one succeeds depends on the machine,
    // so they are counted, not the rounds.
    int same_tick = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (same_tick < rounds() / 20 && std::chrono::steady_clock::now() < deadline) {
        {
            Swap known(sleeper(spec));
            const auto found = find_processes({&recorded, 1}, *here);
            ASSERT_TRUE(found.ok());
            ASSERT_EQ(found->size(), 1U) << "the test has no member to lose";
            EXPECT_EQ(found->front().member.evidence, evidence);
            known.tidy();
        }
        await_tick();
        Swap swap(sleeper(spec));
        swap_now = &swap;
        const auto found = find_processes({&recorded, 1}, *here);
        swap_now = nullptr;
        ASSERT_TRUE(found.ok());
        if (swap.same_number()) {
            if (swap.same_tick()) ++same_tick;
            EXPECT_TRUE(found->empty())
                << "an innocent would be signalled, by " << to_string(found->front().member.evidence);
        }
        swap.tidy();
    }
    EXPECT_EQ(same_tick, rounds() / 20) << "no pid was reused within a clock tick often enough in a minute";
}

void play_token() {
    LaunchSpec spec = stranger();
    spec.env = {"REEVE_INSTANCE=" + instance.value, "REEVE_SESSION=" + session.value};
    play_between_looks(spec, "", Evidence::token);
}

void play_mark() {
    LaunchSpec spec = stranger();
    spec.mark = inherited_mark(instance, session);
    play_between_looks(spec, "", Evidence::mark);
}

void play_cgroup() {
    const auto group = instance_cgroup(instance.value);
    if (!group || !make_cgroup(*group).ok()) GTEST_SKIP() << "this system gives us no control group";
    auto directory = open_cgroup(*group);
    ASSERT_TRUE(directory.ok());
    LaunchSpec spec = stranger();
    spec.cgroup = directory->get();
    play_between_looks(spec, *group, Evidence::cgroup);
    EXPECT_TRUE(remove_cgroup(*group).ok());
}

// Plays it in a namespace of its own, where the next pid can be chosen.
void inside(void (*play_it)()) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can choose the next pid";
    if (std::getenv("REEVE_TEST_INSIDE") != nullptr) {
        play_it();
        return;
    }
    const auto own = own_program();
    ASSERT_TRUE(own.ok());
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    test::Program program;
    program.argv = {"/usr/bin/unshare",
                    "--pid",
                    "--fork",
                    "--kill-child",
                    "--mount-proc",
                    own->string(),
                    std::string("--gtest_filter=PidReuse.") + test->name()};
    program.env = {{"PATH", "/usr/bin:/bin"},
                   {"REEVE_TEST_INSIDE", "1"},
                   {"REEVE_TEST_ROUNDS", std::to_string(rounds())}};
    program.limit = std::chrono::seconds(110);
    const auto ended = run_program(program);
    EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
    if (ended.out.find("[  SKIPPED ] 1 test") != std::string::npos) GTEST_SKIP() << ended.out;
    EXPECT_THAT(ended.out, testing::HasSubstr("[  PASSED  ] 1 test."));
}

TEST(PidReuse, NeverMakesAnInnocentOfTheSameNumberOursOverThousandsOfRounds) { inside(play); }

TEST(PidReuse, BetweenTwoLooksIsSeenThoughTheFirstSawOurToken) { inside(play_token); }

TEST(PidReuse, BetweenTwoLooksIsSeenThoughTheFirstSawOurMark) { inside(play_mark); }

TEST(PidReuse, BetweenTwoLooksIsSeenThoughTheFirstSawItInOurGroup) { inside(play_cgroup); }

}  // namespace

void between_looks(pid_t pid);
void between_looks(pid_t pid) {
    if (swap_now != nullptr) (*swap_now)(pid);
}

}  // namespace reeve

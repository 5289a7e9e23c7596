// Defects of the systems that Reeve follows, one test for each that has none elsewhere; the name begins with
// its row in docs/seed-defects.md.
#include "reeve/os/cgroup.hpp"
#include "reeve/os/process_table.hpp"
#include "support/dead_instance.hpp"
#include "support/private_daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class SeedDefect : public testing::Test {
  protected:
    ~SeedDefect() override { daemon.stop_if_it_runs(); }
    // A dead instance with a process that does not leave when it is asked to.
    const WatchedProcess& leave_stubborn_behind() {
        daemon.session("stubborn") = shell("trap '' TERM; " + daemon.note("stubborn") + "exec sleep 1000");
        daemon.start();
        const auto& stubborn = daemon.noted("stubborn");
        daemon.kill();
        daemon.config["sessions"] = Json::object();
        return stubborn;
    }
    PrivateDaemon daemon;
};

// A signal that nobody handles ends the supervisor, and the anchor ends the rest and starts it again.
TEST_F(SeedDefect, B15_ASignalThatEndsTheSupervisorBelowItsAnchorEndsItsSessionsToo) {
    daemon.session("api") = shell(daemon.note("api") + "setsid sh -c '" + daemon.note("child") +
                                  "exec sleep 1000' & exec sleep 1000");
    daemon.write_config();
    auto running = std::async(std::launch::async, [&] {
        return daemon.reeve({"run", "--config", (daemon.home() / "config.json").string()}, 100s);
    });
    for (const int signal : {SIGKILL, SIGABRT}) {
        const auto& api = daemon.noted("api");
        const auto& child = daemon.noted("child");
        ASSERT_TRUE(daemon.wait_for_state("api", "running"));
        const auto supervisor = WatchedProcess::of(daemon.status()["pid"].get<pid_t>());
        ASSERT_TRUE(supervisor);
        daemon.forget_note("api");
        daemon.forget_note("child");
        supervisor->signal(signal);
        EXPECT_TRUE(api.gone_within(20s));
        EXPECT_TRUE(child.gone_within(20s));
    }
    (void)daemon.noted("api");
    (void)daemon.noted("child");
    const auto anchor = WatchedProcess::of(daemon.status()["anchor_pid"].get<pid_t>());
    ASSERT_TRUE(anchor);
    anchor->signal(SIGTERM);
    EXPECT_EQ(running.get().code, 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_F(SeedDefect, B20_ManyStartsOfOneNameRunItOnce) {
    const auto list = daemon.home() / "started";
    daemon.session("one") = shell("echo x >>" + list.string() + "; exec sleep 1000");
    daemon.session("one")["autostart"] = false;
    daemon.start();
    std::vector<std::future<Ended>> starts;
    for (int i = 0; i < 8; ++i)
        starts.push_back(std::async(std::launch::async, [&] { return daemon.reeve({"start", "one"}); }));
    for (auto& start : starts) EXPECT_EQ(start.get().code, 0);
    ASSERT_TRUE(wait_until([&] { return !read_text(list).empty(); }));
    EXPECT_EQ(daemon.reeve({"stop", "one"}).code, 0);
    EXPECT_EQ(read_text(list), "x\n");
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_F(SeedDefect, B24_TheEnvironmentOfASessionIsShownNowhere) {
    const std::string secret = "swordfish-8a61";
    daemon.session("api") = shell(daemon.note("api") + "trap '' TERM; sleep 1000 & wait");
    daemon.session("api")["env"] = {{"PASSWORD", secret}};
    daemon.start();
    const pid_t pid = daemon.noted("api").pid();
    EXPECT_THAT(environment_block_of(pid), HasSubstr(secret));
    std::string shown = daemon.reeve({"status", "--json"}).out + daemon.reeve({"ps", "--json"}).out +
                        daemon.reeve({"why", std::to_string(pid)}).out + daemon.reeve({"logs", "api"}).out;
    const auto table = list_processes();
    ASSERT_TRUE(table.ok());
    for (const ProcessEntry& process : *table) shown += command_line_of(process.pid) + "\n";
    daemon.kill();
    shown += daemon.reeve({"reap", "--dry-run"}).out + daemon.reeve({"reap"}).out + daemon.printed();
    for (const auto& file : std::filesystem::recursive_directory_iterator(daemon.store())) {
        if (file.is_regular_file()) shown += read_text(file.path());
    }
    EXPECT_THAT(shown, HasSubstr("api")) << "or there was nothing to look through";
    EXPECT_THAT(shown, Not(HasSubstr(secret)));
}

TEST_F(SeedDefect, C6_ASecondStopSignalEndsTheGraceOfTheFirstReap) {
    daemon.config["reap_grace"] = "1h";
    const auto& stubborn = leave_stubborn_behind();
    daemon.launch();
    ASSERT_TRUE(wait_until([&] { return !daemon.receipts().empty(); })) << "it is asked to leave";
    daemon.signal(SIGTERM);
    ASSERT_TRUE(wait_until([&] { return daemon.status()["state"] == "stopping"; }));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait_exit(), 0);
    EXPECT_FALSE(stubborn.running());
}

TEST_F(SeedDefect, C9_AReloadThatIsAskedForWhileItStartsIsNotLost) {
    daemon.config["reap_grace"] = "2s";
    (void)leave_stubborn_behind();
    daemon.launch();
    ASSERT_TRUE(wait_until([&] { return daemon.receipts().size() == 1; })) << "the first reap is under way";
    daemon.session("later") = shell("exec sleep 1000");
    daemon.write_config();
    daemon.signal(SIGHUP);
    EXPECT_TRUE(daemon.wait_for_state("later", "running")) << daemon.printed();
}

// What the registry's own watch sees of a reap that is just done must not hide what it did.
TEST_F(SeedDefect, A10_WhatTheLastReapDidStaysToBeSeen) {
    daemon.config["reap_grace"] = "10ms";
    (void)leave_stubborn_behind();
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return daemon.status()["reaper"]["totals"]["instances"] == 1; }));
    for (int i = 0; i < 10; ++i) {  // round trips, each later than what the watch has brought about
        EXPECT_EQ(daemon.reeve({"status"}).code, 0);
        EXPECT_EQ(daemon.status()["reaper"]["last_run"]["instances"], 1);
    }
}

TEST_F(SeedDefect, B18_NoControlGroupIsLeftWithoutARecordThatNamesIt) {
    daemon.start();
    const Json record = daemon.only_record();
    daemon.kill();
    if (!record.contains("cgroup")) GTEST_SKIP() << "this system has no control groups";
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_THAT(
        cgroup_directory(record["cgroup"].get<std::string>()),
        testing::ResultOf([](const std::string& path) { return std::filesystem::exists(path); }, false));
}

TEST(SeedDefectOfIdentity, A2_AProcessThatIsEndingIsToldFromOneThatLives) {
    Stranger process;
    EXPECT_FALSE(is_ending(process.pid()));
    ::kill(process.pid(), SIGKILL);
    // From this moment on, at whichever point of its end it is.
    EXPECT_TRUE(is_ending(process.pid()));
    EXPECT_FALSE(is_ending(-1));
}

}  // namespace
}  // namespace reeve::test

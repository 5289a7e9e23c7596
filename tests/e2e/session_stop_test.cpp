// reeve stop, start and restart: what they return, and when.
#include "support/private_daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <fstream>
#include <future>
#include <thread>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::MatchesRegex;

class SessionControl : public testing::Test {
  protected:
    ~SessionControl() override { daemon.stop_if_it_runs(); }
    std::string state_of(const std::string& name) const { return daemon.session_status(name)["state"]; }
    bool has_record_of(const std::string& name) const {
        return daemon.only_record()["sessions"].contains(name);
    }

    PrivateDaemon daemon;
};

TEST_F(SessionControl, StopReturnsWhenTheWholeTreeWasSeenGone) {
    daemon.session("api") = shell(daemon.note("leader") + "setsid /bin/sh -c '" + daemon.note("escaped") +
                                  "exec sleep 1000' & /bin/sh -c 'trap \"\" TERM; " +
                                  daemon.note("stubborn") + "exec sleep 1000' & wait");
    daemon.session("api")["stop"] = {{"grace", "200ms"}};
    daemon.session("other") = shell(daemon.note("other") + "exec sleep 1000");
    daemon.start();
    for (const char* name : {"leader", "escaped", "stubborn", "other"}) (void)daemon.noted(name);

    const Ended ended = daemon.reeve({"stop", "api"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    for (const char* name : {"leader", "escaped", "stubborn"})
        EXPECT_FALSE(daemon.noted(name).running()) << name;
    EXPECT_TRUE(daemon.noted("other").running());
    ASSERT_TRUE(daemon.wait_for_state("api", "stopped"));
    EXPECT_TRUE(daemon.session_status("api")["pid"].is_null());
    EXPECT_TRUE(wait_until([&] { return !has_record_of("api"); }));
    EXPECT_TRUE(has_record_of("other"));
}

// What ends then was asked to: its policy is not asked, and no restart counted.
TEST_F(SessionControl, AStartDuringAStopIsANewLifeAfterIt) {
    const auto go = daemon.home() / "go";
    ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
    daemon.session("api") = shell("trap 'read line <" + go.string() + "; exit 0' TERM; " +
                                  daemon.note("api") + "while :; do sleep 0.02; done");
    daemon.session("api")["stop"] = {{"grace", "1h"}};
    daemon.session("api")["restart"] = "never";
    daemon.start();
    (void)daemon.noted("api");
    auto stop = std::async(std::launch::async, [&] { return daemon.reeve({"stop", "api"}); });
    ASSERT_TRUE(daemon.wait_for_state("api", "stopping"));
    daemon.forget_note("api");
    auto start = std::async(std::launch::async, [&] { return daemon.reeve({"start", "api"}); });
    EXPECT_EQ(start.wait_for(200ms), std::future_status::timeout) << "it did not wait for the end";
    std::ofstream(go) << "go\n" << std::flush;
    EXPECT_EQ(start.get().code, 0);
    EXPECT_TRUE(daemon.noted("api").running());
    EXPECT_TRUE(daemon.wait_for_state("api", "running"));
    EXPECT_EQ(stop.get().code, 0);
    std::thread letting_go([&] { std::ofstream(go) << "go\n" << std::flush; });
    EXPECT_EQ(daemon.stop(), 0);
    letting_go.join();
}

// The leader leaves at the first SIGTERM; that is no end while something of its tree runs.
TEST_F(SessionControl, StopWaitsForAGrandchildWhoseParentsHaveLeft) {
    daemon.session("api") = shell(daemon.note("leader") + "/bin/sh -c 'trap \"\" TERM; " +
                                  daemon.note("grandchild") + "exec sleep 1000' & exec sleep 1000");
    daemon.session("api")["stop"] = {{"grace", "1s"}};
    daemon.start();
    const auto& leader = daemon.noted("leader");
    const auto& grandchild = daemon.noted("grandchild");
    auto stop = std::async(std::launch::async, [&] { return daemon.reeve({"stop", "api"}); });
    ASSERT_TRUE(leader.gone_within(20s));
    EXPECT_TRUE(grandchild.running());
    EXPECT_EQ(stop.wait_for(100ms), std::future_status::timeout) << "it did not wait";
    EXPECT_EQ(stop.get().code, 0);
    EXPECT_FALSE(grandchild.running());
}

// The command is over when its leader is, and then nothing of its tree stays either.
TEST_F(SessionControl, ASessionWhoseLeaderLeavesTakesItsTreeAlong) {
    daemon.session("api") = shell(daemon.note("leader") + "setsid /bin/sh -c '" + daemon.note("escaped") +
                                  "exec sleep 1000' & while [ ! -s " + daemon.note_file("escaped").string() +
                                  " ]; do :; done; exit 0");
    daemon.start();
    const auto& escaped = daemon.noted("escaped");
    ASSERT_TRUE(daemon.wait_for_state("api", "exited"));
    EXPECT_FALSE(escaped.running());
    const Json exit = daemon.session_status("api")["last_exit"];
    EXPECT_EQ(exit["code"], 0);
    EXPECT_TRUE(exit["signal"].is_null());
}

TEST_F(SessionControl, StopOfAStoppedSessionIsDoneAlready) {
    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    EXPECT_EQ(daemon.reeve({"stop", "api"}).code, 0);
    EXPECT_EQ(daemon.reeve({"stop", "api"}).code, 0);
    ASSERT_TRUE(daemon.wait_for_state("api", "stopped"));
}

TEST_F(SessionControl, AnUnknownNameIsRefusedBeforeAnythingIsTouched) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const auto& api = daemon.noted("api");
    for (const char* verb : {"stop", "start", "restart"}) {
        const Ended ended = daemon.reeve({verb, "api", "nobody"});
        EXPECT_EQ(ended.code, 1) << verb;
        EXPECT_EQ(ended.out, "");
        EXPECT_THAT(ended.err,
                    MatchesRegex("reeve: .*nobody: there is no such session; see: reeve status\n"));
    }
    EXPECT_TRUE(api.running());
}

TEST_F(SessionControl, WithoutASupervisorTheyExit69) {
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    for (const char* verb : {"stop", "start", "restart"})
        EXPECT_EQ(daemon.reeve({verb, "api"}).code, 69) << verb;
    EXPECT_EQ(daemon.reeve({"reload"}).code, 69);
}

TEST_F(SessionControl, StartRunsWhatIsNotStartedByItself) {
    daemon.session("tool") = shell(daemon.note("tool") + "exec sleep 1000");
    daemon.session("tool")["autostart"] = false;
    daemon.start();
    EXPECT_EQ(state_of("tool"), "stopped");
    EXPECT_EQ(daemon.reeve({"start", "tool"}).code, 0);
    EXPECT_TRUE(daemon.noted("tool").running());
    ASSERT_TRUE(daemon.wait_for_state("tool", "running"));
    const pid_t first = daemon.noted("tool").pid();
    EXPECT_EQ(daemon.reeve({"start", "tool"}).code, 0) << "it runs already";
    EXPECT_EQ(daemon.session_status("tool")["pid"], first);
}

TEST_F(SessionControl, RestartSeesTheOldOneGoneBeforeTheNewOneRuns) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const auto& before = daemon.noted("api");
    daemon.forget_note("api");
    EXPECT_EQ(daemon.reeve({"restart", "api"}).code, 0);
    EXPECT_FALSE(before.running());
    EXPECT_TRUE(daemon.noted("api").running());
    EXPECT_NE(daemon.noted("api").pid(), before.pid());
}

TEST_F(SessionControl, UsesTheSignalThatIsConfigured) {
    daemon.session("api") = shell("trap 'echo interrupted; exit 0' INT; trap '' TERM; " + daemon.note("api") +
                                  "while :; do sleep 0.05; done");
    daemon.session("api")["stop"] = {{"signal", "INT"}, {"grace", "20s"}};
    daemon.start();
    (void)daemon.noted("api");
    EXPECT_EQ(daemon.reeve({"stop", "api"}).code, 0);
    EXPECT_EQ(daemon.log_of("api"), "interrupted\n");
}

TEST_F(SessionControl, AStopThatTakesLongNamesWhomItWaitsFor) {
    daemon.session("api") = shell("trap '' TERM; " + daemon.note("api") + "exec sleep 1000");
    daemon.session("api")["stop"] = {{"grace", "4s"}};
    daemon.start();
    const std::string pid = std::to_string(daemon.noted("api").pid());
    const Ended ended = daemon.reeve({"stop", "api"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, MatchesRegex("reeve: stopping \"api\": waiting for " + pid +
                                        " .sleep.; killed in [1-4] s\n"));
}

TEST_F(SessionControl, AStoppedProcessIsWokenToReceiveItsSignal) {
    daemon.session("api") = shell(daemon.note("api") + "kill -STOP $$; exit 3");
    daemon.session("api")["stop"] = {{"grace", "1h"}};
    daemon.start();
    const auto& api = daemon.noted("api");
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    EXPECT_EQ(daemon.reeve({"stop", "api"}, 10s).code, 0);
    EXPECT_FALSE(api.running());
}

TEST_F(SessionControl, ManyStubbornSessionsStopTogetherAndNotOneAfterAnother) {
    std::vector<std::string> words{"stop"};
    for (int i = 0; i < 8; ++i) {
        const std::string name = "s" + std::to_string(i);
        daemon.session(name) = shell("trap '' TERM; " + daemon.note(name) + "exec sleep 1000");
        daemon.session(name)["stop"] = {{"grace", "500ms"}};
        words.push_back(name);
    }
    daemon.start();
    for (int i = 0; i < 8; ++i) (void)daemon.noted("s" + std::to_string(i));
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(daemon.reeve(words).code, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 3s) << "eight graces are four seconds";
    EXPECT_TRUE(daemon.nothing_runs());
}

// --- after ---

class SessionOrder : public SessionControl {
  protected:
    // A session that notes when it is told to end, and when it does a moment later.
    Json noting(const std::string& name) {
        const std::string to_journal = " >>" + (daemon.home() / "journal").string() + "; ";
        return shell("trap 'echo told " + name + to_journal + "sleep 0.1; echo ends " + name + to_journal +
                     "exit 0' TERM; " + daemon.note(name) + "while :; do sleep 0.05; done");
    }
    std::vector<std::string> journal() const {
        std::ifstream file(daemon.home() / "journal");
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) lines.push_back(line);
        return lines;
    }
};

// The names are in another order than their sessions, both ways.
TEST_F(SessionOrder, WhatComesAfterStartsLaterAndStopsEarlier) {
    for (const char* name : {"b", "c", "a"}) daemon.session(name) = noting(name);
    daemon.session("c")["after"] = {"b"};
    daemon.session("a")["after"] = {"c"};
    daemon.start();
    for (const char* name : {"b", "c", "a"}) {
        (void)daemon.noted(name);
        ASSERT_TRUE(daemon.wait_for_state(name, "running"));
    }
    const auto started = [this](const char* name) {
        return daemon.session_status(name)["started_at"].get<std::string>();
    };
    EXPECT_LE(started("b"), started("c"));
    EXPECT_LE(started("c"), started("a"));
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_THAT(journal(), testing::ElementsAre("told a", "ends a", "told c", "ends c", "told b", "ends b"));
}

TEST_F(SessionOrder, ASessionWaitsForWhatItComesAfter) {
    daemon.session("app") = noting("app");
    daemon.session("app")["after"] = {"db"};
    daemon.session("db") = {{"command", {"no-such-program"}}, {"restart", "never"}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "failed"));
    EXPECT_EQ(state_of("app"), "waiting");
    EXPECT_TRUE(stays([&] { return !std::filesystem::exists(daemon.note_file("app")); }));
    EXPECT_EQ(daemon.reeve({"stop", "app"}).code, 0) << "what waits can be told not to";
    ASSERT_TRUE(daemon.wait_for_state("app", "stopped"));
}

TEST_F(SessionOrder, StartingOneStartsWhatItComesAfterToo) {
    daemon.session("app") = noting("app");
    daemon.session("app")["after"] = {"db"};
    daemon.session("app")["autostart"] = false;
    daemon.session("db") = noting("db");
    daemon.session("db")["autostart"] = false;
    daemon.start();
    EXPECT_EQ(daemon.reeve({"start", "app"}).code, 0);
    ASSERT_TRUE(daemon.wait_for_state("db", "running"));
    ASSERT_TRUE(daemon.wait_for_state("app", "running"));
}

}  // namespace
}  // namespace reeve::test

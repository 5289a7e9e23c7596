// One supervisor's life as its user sees it: it takes the store, answers signals, and leaves nothing.
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class SupervisorLife : public testing::Test {
  protected:
    bool locked() const { return std::filesystem::exists(daemon.store() / ".locked"); }
    void expect_nothing_left() {
        EXPECT_TRUE(daemon.nothing_runs());
        EXPECT_FALSE(locked());
        EXPECT_TRUE(daemon.records().empty());
        EXPECT_FALSE(std::filesystem::exists(daemon.store() / "control.sock"));
        EXPECT_EQ(daemon.status()["state"], "stopped");
    }
    // A session that takes its time: it ends only by SIGKILL.
    void add_stubborn(const std::string& grace) {
        daemon.session("stubborn") =
            shell("trap '' TERM INT; " + daemon.note("stubborn") + "exec sleep 1000");
        daemon.session("stubborn")["stop"] = {{"grace", grace}};
    }

    PrivateDaemon daemon;
};

TEST_F(SupervisorLife, RecordsItsLockItsInstanceAndItsSessions) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const auto& api = daemon.noted("api");
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));

    const Json lock = Json::parse(read_text(daemon.store() / ".locked"));
    EXPECT_EQ(lock["pid"], daemon.pid());
    EXPECT_EQ(lock["schema_version"], 1);
    EXPECT_NE(lock["hostname"], "");
    EXPECT_THAT(lock["started_at"].get<std::string>(), testing::EndsWith("Z"));
    EXPECT_GT(lock["start_time"], 0);

    const Json record = daemon.only_record();
    EXPECT_EQ(record["instance_id"], lock["instance_id"]);
    EXPECT_EQ(record["kind"], "supervisor");
    EXPECT_EQ(record["owner"]["pid"], daemon.pid());
    EXPECT_EQ(record["sessions"]["api"]["pid"], api.pid());
    EXPECT_GT(record["sessions"]["api"]["start_time"], 0);

    EXPECT_EQ(daemon.session_status("api")["pid"], api.pid());
    EXPECT_EQ(daemon.stop(), 0) << daemon.printed();
    expect_nothing_left();
}

TEST_F(SupervisorLife, KeepsEverythingItWritesToItself) {
    daemon.session("api") = shell("echo hello; exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    for (const char* directory : {"", "instances", "instances/quarantine", "logs"}) {
        EXPECT_EQ(mode_of(daemon.store() / directory), 0700) << directory;
    }
    for (const char* file :
         {".locked", "store.json", "status.json", "control.sock", "logs/api.log", "logs/reeve.log"}) {
        EXPECT_EQ(mode_of(daemon.store() / file), 0600) << file;
    }
    EXPECT_EQ(mode_of(daemon.records().at(0)), 0600);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(SupervisorLife, RunsWithoutAnySession) {
    daemon.start();
    EXPECT_EQ(daemon.reeve({"status"}).code, 0);
    EXPECT_EQ(daemon.stop(), 0);
    expect_nothing_left();
}

TEST_F(SupervisorLife, RefusesAConfigurationWithMistakesBeforeItTouchesAnything) {
    daemon.session("api") = {{"comand", {"true"}}};
    daemon.launch();
    EXPECT_EQ(daemon.wait_exit(), 78);
    EXPECT_THAT(daemon.printed(), HasSubstr("did you mean \"command\""));
    EXPECT_FALSE(std::filesystem::exists(daemon.store()));
}

TEST_F(SupervisorLife, ASecondOneNamesTheFirstAndLeavesItAlone) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const auto& api = daemon.noted("api");
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    const std::string log = read_text(daemon.store() / "logs/reeve.log");
    const std::string lock = read_text(daemon.store() / ".locked");
    const std::string record = read_text(daemon.records().at(0));

    const Ended second = daemon.reeve({"run"});
    EXPECT_EQ(second.code, 75);
    EXPECT_THAT(second.err, HasSubstr("process " + std::to_string(daemon.pid()) + " "));
    EXPECT_EQ(daemon.reeve({"supervise"}).code, 75);

    EXPECT_EQ(read_text(daemon.store() / "logs/reeve.log"), log);
    EXPECT_EQ(read_text(daemon.store() / ".locked"), lock);
    EXPECT_EQ(read_text(daemon.records().at(0)), record);
    EXPECT_EQ(daemon.reeve({"status"}).code, 0);
    EXPECT_TRUE(api.running());
    EXPECT_EQ(daemon.stop(), 0);
}

class StopSignal : public SupervisorLife, public testing::WithParamInterface<int> {};

TEST_P(StopSignal, StopsEverythingInOrderAndExits0) {
    daemon.session("api") = shell(daemon.note("api") + "sleep 1000 & " + "wait");
    daemon.session("background") =
        shell("setsid sleep 1000 & " + daemon.note("background") + "exec sleep 1000");
    daemon.start();
    (void)daemon.noted("api");
    (void)daemon.noted("background");
    daemon.signal(GetParam());
    EXPECT_EQ(daemon.wait_exit(), 0) << daemon.printed();
    expect_nothing_left();
}

// The machine may be busy, which says nothing about the supervisor: the quickest of a few answers counts.
TEST_P(StopSignal, IsAnsweredInLessThanATenthOfASecond) {
    add_stubborn("150ms");
    auto quickest = 1'000'000ms;
    for (int attempt = 0; attempt < 5 && quickest >= 100ms; ++attempt) {
        daemon.forget_note("stubborn");
        daemon.start();
        (void)daemon.noted("stubborn");
        ASSERT_TRUE(daemon.wait_for_state("stubborn", "running"));
        // The file is written ten times a second at most, so a change right after another is shown later.
        const Json shown = daemon.status()["seq"];
        (void)stays([&] { return daemon.status()["seq"] == shown; }, 150ms);
        const auto before = std::chrono::steady_clock::now();
        daemon.signal(GetParam());
        ASSERT_TRUE(wait_until([&] { return daemon.status()["state"] == "stopping"; }));
        const auto took = std::chrono::steady_clock::now() - before;
        quickest = std::min(quickest, std::chrono::duration_cast<std::chrono::milliseconds>(took));
        EXPECT_EQ(daemon.wait_exit(), 0);
    }
    EXPECT_LT(quickest, 100ms);
}

INSTANTIATE_TEST_SUITE_P(, StopSignal, testing::Values(SIGTERM, SIGINT),
                         [](const auto& number) { return number.param == SIGTERM ? "TERM" : "INT"; });

TEST_F(SupervisorLife, ASecondStopSignalEndsTheGrace) {
    add_stubborn("1h");
    daemon.start();
    (void)daemon.noted("stubborn");
    daemon.signal(SIGTERM);
    ASSERT_TRUE(wait_until([&] { return daemon.status()["state"] == "stopping"; }));
    EXPECT_TRUE(stays([&] { return !daemon.exited(); }));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait_exit(5s), 0);
    expect_nothing_left();
}

TEST_F(SupervisorLife, TheStopDeadlineEndsEveryGrace) {
    add_stubborn("1h");
    daemon.config["stop_deadline"] = "200ms";
    daemon.start();
    (void)daemon.noted("stubborn");
    EXPECT_EQ(daemon.stop(), 0);
    expect_nothing_left();
}

// Whatever has been done when the signal comes, it is undone.
TEST_F(SupervisorLife, AStopSignalWhileItStartsLeavesNothingBehind) {
    for (int i = 0; i < 10; ++i) {
        daemon.session("s" + std::to_string(i)) = shell("sleep 1000 & exec sleep 1000");
    }
    const std::vector<std::function<bool()>> moments{
        [&] { return locked(); },
        [&] { return !daemon.records().empty(); },
        [&] { return daemon.status().is_object(); },
        [&] { return !daemon.marks().empty(); },
    };
    for (const auto& moment : moments) {
        daemon.launch();
        ASSERT_TRUE(wait_until(moment));
        daemon.signal(SIGTERM);
        EXPECT_EQ(daemon.wait_exit(), 0) << daemon.printed();
        expect_nothing_left();
        std::filesystem::remove_all(daemon.store());
    }
}

TEST_F(SupervisorLife, StartsNoSessionWhenAStopIsAskedForDuringTheFirstReap) {
    daemon.config["reap_grace"] = "1500ms";
    add_stubborn("1h");
    daemon.start();
    const auto& stubborn = daemon.noted("stubborn");
    daemon.kill();
    daemon.forget_note("stubborn");

    daemon.launch();  // takes the grace to reap what ignores SIGTERM
    ASSERT_TRUE(wait_until([&] { return !daemon.receipts().empty(); }));
    daemon.signal(SIGTERM);
    ASSERT_TRUE(wait_until([&] { return daemon.status()["state"] == "stopping"; }, 1s)) << daemon.status();
    EXPECT_EQ(daemon.wait_exit(), 0);
    EXPECT_FALSE(stubborn.running());
    EXPECT_FALSE(std::filesystem::exists(daemon.home() / "pid.stubborn")) << "the session was started";
    expect_nothing_left();
}

// No session is kept yet then: what is asked for in the first reap is done when that is over.
TEST_F(SupervisorLife, CarriesOutWhatIsAskedForDuringTheFirstReap) {
    daemon.config["reap_grace"] = "1500ms";
    add_stubborn("1h");
    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    (void)daemon.noted("stubborn");
    for (const bool stops : {true, false}) {
        daemon.kill();
        daemon.forget_note("stubborn");
        const auto before = daemon.receipts().size();
        daemon.launch();
        ASSERT_TRUE(wait_until([&] { return daemon.receipts().size() > before; }));
        if (stops) {
            EXPECT_EQ(daemon.reeve({"stop", "api"}).code, 0);
            ASSERT_TRUE(daemon.wait_for_state("api", "stopped"));
            (void)daemon.noted("stubborn");
            EXPECT_EQ(daemon.session_status("api")["state"], "stopped") << "it was started all the same";
        } else {
            auto asking = std::async(std::launch::async, [&] { return daemon.reeve({"start", "api"}); });
            ASSERT_TRUE(stays([&] { return !daemon.exited(); }, 300ms));
            daemon.signal(SIGTERM);
            EXPECT_EQ(daemon.wait_exit(), 0) << "it waits for a session that nobody keeps";
            (void)asking.get();  // it fails, unless the reap was over before it came
        }
    }
    expect_nothing_left();
}

TEST_F(SupervisorLife, LeavesWhenItIsForceUnlockedAndAnotherMayStartAtOnce) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const auto& api = daemon.noted("api");
    EXPECT_EQ(daemon.reeve({"force-unlock"}).code, 75);
    EXPECT_TRUE(locked());

    EXPECT_EQ(daemon.reeve({"force-unlock", "--force"}).code, 0);
    const auto since = std::chrono::steady_clock::now();
    EXPECT_EQ(daemon.wait_exit(), 75);
    EXPECT_LT(std::chrono::steady_clock::now() - since, 2s);  // a second, and one for a busy machine
    EXPECT_FALSE(api.running());
    EXPECT_THAT(daemon.printed(), HasSubstr("force-unlocked"));

    daemon.forget_note("api");
    daemon.start();
    (void)daemon.noted("api");
    EXPECT_EQ(daemon.stop(), 0);
    expect_nothing_left();
}

// The one that was unlocked takes its time to stop. Meanwhile the store belongs to another, whose lock,
// socket and status are not its own to remove.
TEST_F(SupervisorLife, OneThatWasForceUnlockedTouchesNothingOfItsSuccessor) {
    add_stubborn("1500ms");
    daemon.start();
    (void)daemon.noted("stubborn");
    EXPECT_EQ(daemon.reeve({"force-unlock", "--force"}).code, 0);
    const auto& first = daemon.watch(daemon.pid());

    Program next;
    next.argv = {REEVE_BINARY, "--store",  daemon.store().string(),
                 "supervise",  "--config", (daemon.home() / "none.json").string()};
    write_text(daemon.home() / "none.json", "{}");
    next.env = {{"HOME", daemon.home().string()}, {"PATH", "/usr/bin:/bin"}};
    auto second = std::async(std::launch::async, [&] { return run_program(next); });
    ASSERT_TRUE(wait_until([&] { return daemon.status()["pid"] != first.pid(); }));
    const pid_t successor = daemon.status()["pid"];
    EXPECT_TRUE(first.running()) << "it left too soon for this test to say anything";

    EXPECT_EQ(daemon.wait_exit(), 75);
    EXPECT_EQ(daemon.status()["pid"], successor) << "its status was written over";
    EXPECT_TRUE(locked());
    EXPECT_TRUE(std::filesystem::exists(daemon.store() / "control.sock"));
    EXPECT_EQ(daemon.reeve({"reload"}).code, 0) << "the successor cannot be spoken to";
    daemon.watch(successor).signal(SIGTERM);
    EXPECT_EQ(second.get().code, 0);
    expect_nothing_left();
}

}  // namespace
}  // namespace reeve::test

// A supervisor that is killed: what it ran is gone when the next one runs, and nobody else is.
#include "support/private_daemon.hpp"
#include "support/stranger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace reeve::test {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;

class KilledSupervisor : public testing::Test {
  protected:
    // Without control groups and anchors, so that descent, session id and token are what is tried here. What
    // those add is tried by selftest_test.cpp, subreaper_test.cpp and the tests that ask for both.
    KilledSupervisor() {
        daemon.env["REEVE_CGROUP"] = "off";
        daemon.env["REEVE_SUBREAPER"] = "off";
    }

    // Ways to outlive one's owner. Each process notes itself under a name.
    void add_escape_artists() {
        const auto inner = [this](const std::string& name) {
            return "/bin/sh -c '" + daemon.note(name) + "exec sleep 1000'";
        };
        daemon.session("leader") = shell(daemon.note("leader") + "exec sleep 1000");
        daemon.session("tree") =
            shell(daemon.note("tree") + inner("child") + " & /bin/sh -c '" + daemon.note("middle") +
                  "/bin/sh -c \"echo \\$\\$ >" + daemon.note_file("grandchild").string() +
                  "; exec sleep 1000\" & wait' & wait");
        daemon.session("setsid") =
            shell("setsid " + inner("setsid") + " & " + daemon.note("of_setsid") + "exec sleep 1000");
        daemon.session("double_fork") = shell("( setsid " + inner("double_fork") + " & ) & " +
                                              daemon.note("of_double_fork") + "exec sleep 1000");
        daemon.session("stubborn") =
            shell("trap '' TERM HUP INT; " + daemon.note("stubborn") + inner("stubborn_child") + " & wait");
        daemon.session("cleared") =
            shell(daemon.note("cleared") + "env -i " + inner("cleared_child") + " & wait");
        daemon.session("closed") = shell("exec <&- >&- 2>&-; " + daemon.note("closed") + "exec sleep 1000");
        daemon.session("stopped") = shell(daemon.note("stopped") + "kill -STOP $$; exec sleep 1000");
    }
    static constexpr std::array artists{"leader",         "tree",     "child",          "middle",
                                        "grandchild",     "setsid",   "of_setsid",      "double_fork",
                                        "of_double_fork", "stubborn", "stubborn_child", "cleared",
                                        "cleared_child",  "closed",   "stopped"};
    void start_with_escape_artists() {
        add_escape_artists();
        daemon.start();
        for (const char* name : artists) (void)daemon.noted(name);
    }
    void without_sessions() {
        daemon.config["sessions"] = Json::object();
        for (const char* name : artists) daemon.forget_note(name);
    }

    PrivateDaemon daemon;
};

// The strongest containment is found first and hides the others, which must do where it is not to be had.
class KilledSupervisorOn : public KilledSupervisor, public testing::WithParamInterface<bool> {
  protected:
    KilledSupervisorOn() {
        if (GetParam()) daemon.env.erase("REEVE_CGROUP");
    }
};
INSTANTIATE_TEST_SUITE_P(, KilledSupervisorOn, testing::Values(true, false), [](const auto& groups) {
    return groups.param ? "ASystemWithControlGroups" : "ASystemWithoutControlGroups";
});

TEST_P(KilledSupervisorOn, LeavesNothingOnceTheNextOneRuns) {
    const Stranger innocent;
    start_with_escape_artists();
    daemon.kill();
    const auto record = daemon.records();
    ASSERT_EQ(record.size(), 1U);

    without_sessions();
    daemon.start();
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_TRUE(innocent.running());
    EXPECT_FALSE(std::filesystem::exists(record.front()));
    EXPECT_EQ(daemon.records().size(), 1U) << "the new one's own";
    const Json reaped = daemon.status()["reaper"]["totals"];
    EXPECT_EQ(reaped["instances"], 1);
    EXPECT_EQ(reaped["processes_killed"], artists.size()) << reaped;
    EXPECT_EQ(reaped["failed"], 0);
    EXPECT_EQ(daemon.stop(), 0);
}

// Promise 2: what runs, runs recorded. The supervisor is killed as early as the test can see it doing
// something.
TEST_F(KilledSupervisor, LeavesNothingUnrecordedHoweverEarlyItIsKilled) {
    const std::vector<std::function<bool()>> moments{
        [&] { return std::filesystem::exists(daemon.store() / ".locked"); },
        [&] { return !daemon.records().empty(); },
        [&] { return daemon.only_record().is_object() && !daemon.only_record()["sessions"].empty(); },
        [&] { return !daemon.marks().empty(); },
        [&] { return daemon.marks().size() > 5; },
        [&] { return daemon.status().is_object(); },
    };
    for (int i = 0; i < 6; ++i) {
        daemon.session("s" + std::to_string(i)) = shell("setsid sleep 1000 & exec sleep 1000");
    }
    for (const auto& moment : moments) {
        daemon.launch();
        ASSERT_TRUE(wait_until(moment));
        daemon.kill();
        // At the gate they carry no mark yet, and leave by themselves. Who is marked must be on record.
        for (const auto& mark : daemon.marks()) {
            const Json record = daemon.record_of(mark.instance);
            ASSERT_TRUE(record.is_object()) << "process " << mark.pid << " runs and has no record";
            EXPECT_GT(record["sessions"].value(mark.session, Json::object()).value("pid", 0), 1)
                << "process " << mark.pid << " of " << mark.session << " is not in " << record;
        }
        const Ended reaped = daemon.reeve({"reap"});
        EXPECT_EQ(reaped.code, 0) << reaped.err;
        EXPECT_TRUE(daemon.nothing_runs());
        EXPECT_TRUE(daemon.records().empty());
    }
}

TEST_F(KilledSupervisor, IsToldByTheLockAndNotByTheStatus) {
    daemon.start();
    EXPECT_EQ(daemon.reeve({"status"}).code, 0);
    daemon.kill();
    EXPECT_EQ(daemon.status()["state"], "running") << "nobody has written since";
    const Ended ended = daemon.reeve({"status"});
    EXPECT_EQ(ended.code, 3);
    EXPECT_THAT(ended.out, HasSubstr("not running"));
    EXPECT_EQ(Json::parse(daemon.reeve({"status", "--json"}).out)["alive"], false);
    EXPECT_THAT(daemon.reeve({"lock"}).out, HasSubstr("free"));
}

TEST_P(KilledSupervisorOn, TellsInReceiptsWhoWasEndedAndWhy) {
    start_with_escape_artists();
    const std::string stubborn = std::to_string(daemon.noted("stubborn").pid());
    daemon.kill();
    without_sessions();
    daemon.start();
    std::map<std::string, std::vector<std::string>> signals;
    for (const Json& line : daemon.receipts()) {
        EXPECT_EQ(line["what"], "process");
        EXPECT_THAT(line["evidence"].get<std::string>(),
                    AnyOf("control group", "leader", "descendant", "session id", "environment token"));
        signals[line["name"]].push_back(line["action"]);
    }
    EXPECT_EQ(signals.size(), artists.size());
    for (const auto& [pid, sent] : signals) {
        EXPECT_EQ(sent.front(), "SIGTERM") << pid << ": asked before it was killed";
        EXPECT_LE(sent.size(), 2U) << pid << ": each signal once";
    }
    EXPECT_THAT(signals[stubborn], Contains("SIGKILL"));
    EXPECT_EQ(daemon.stop(), 0);
}

// Its own sessions come up again only when the old copies are gone: a port can be bound by one.
TEST_F(KilledSupervisor, HasItsSessionsStartedAnewAfterTheOldOnesAreGone) {
    daemon.session("api") = shell("trap '' TERM; " + daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const auto& old_one = daemon.noted("api");
    daemon.kill();
    daemon.forget_note("api");
    daemon.launch();
    const auto& new_one = daemon.noted("api");
    EXPECT_FALSE(old_one.running());
    EXPECT_NE(old_one.pid(), new_one.pid());
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    daemon.signal(SIGTERM);
    ASSERT_TRUE(wait_until([&] { return daemon.status()["state"] == "stopping"; }));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait_exit(), 0);
}

// A stop that is cut short by a kill has forgotten nothing: the record goes after its processes.
TEST_F(KilledSupervisor, WhileItWasStoppingStillLeavesARecordOfWhatRuns) {
    daemon.session("stubborn") = shell("trap '' TERM; " + daemon.note("stubborn") + "exec sleep 1000");
    daemon.session("stubborn")["stop"] = {{"grace", "1h"}};
    daemon.start();
    const auto& stubborn = daemon.noted("stubborn");
    daemon.signal(SIGTERM);
    ASSERT_TRUE(daemon.wait_for_state("stubborn", "stopping"));
    daemon.kill();
    EXPECT_TRUE(stubborn.running());
    EXPECT_EQ(daemon.only_record()["sessions"]["stubborn"]["pid"], stubborn.pid());
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_TRUE(daemon.records().empty());
}

}  // namespace
}  // namespace reeve::test

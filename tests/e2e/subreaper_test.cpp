// Sessions where there is no control group: each below an anchor of its own, which adopts whatever escapes.
#include "reeve/os/process_table.hpp"
#include "support/private_daemon.hpp"
#include "support/stranger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace reeve::test {
namespace {

using testing::HasSubstr;

// Left its session and group, lost its parent, closed what it had open, and has an empty environment.
std::string hide(const PrivateDaemon& daemon, const std::string& name, const std::string& first = "") {
    return "setsid -f env -i /bin/sh -c '" + first + daemon.note(name) + "exec sleep 1000' <&- >&- 2>&-; ";
}

class Subreaper : public testing::Test {
  protected:
    Subreaper() { daemon.env["REEVE_CGROUP"] = "off"; }
    ~Subreaper() override { daemon.stop_if_it_runs(); }

    Json hiding(const std::string& name) const {
        return shell(hide(daemon, name + "_hidden") +
                     hide(daemon, name + "_stubborn", "trap \"\" TERM HUP INT; ") + daemon.note(name) +
                     "exec sleep 1000");
    }
    bool gone(const std::string& session) {
        return !daemon.noted(session).running() && !daemon.noted(session + "_hidden").running() &&
               !daemon.noted(session + "_stubborn").running();
    }
    void meet(const std::string& session) {
        for (const char* member : {"", "_hidden", "_stubborn"}) (void)daemon.noted(session + member);
    }
    std::vector<pid_t> session_anchors() const {
        std::vector<pid_t> found;
        const auto table = list_processes();
        if (!table.ok()) return found;
        for (const ProcessEntry& entry : *table) {
            if (entry.parent == daemon.pid() && entry.name == "reeve-anchor") found.push_back(entry.pid);
        }
        return found;
    }

    PrivateDaemon daemon;
};

// With the anchors, and with what the processes themselves cannot shake off.
class HiddenProcess : public Subreaper, public testing::WithParamInterface<bool> {
  protected:
    HiddenProcess() {
        if (!GetParam()) daemon.env["REEVE_SUBREAPER"] = "off";
    }
};
INSTANTIATE_TEST_SUITE_P(, HiddenProcess, testing::Values(true, false), [](const auto& anchors) {
    return anchors.param ? "BelowAnAnchor" : "WithItsMarkAlone";
});

TEST_P(HiddenProcess, GoesWithItsOwnSessionAndNotWithAnother) {
    const Stranger innocent;
    for (const char* name : {"one", "two"}) {
        daemon.session(name) = hiding(name);
        daemon.session(name)["stop"] = {{"grace", "300ms"}};
    }
    daemon.start();
    for (const char* name : {"one", "two"}) {
        meet(name);
        ASSERT_TRUE(daemon.wait_for_state(name, "running"));
        EXPECT_EQ(daemon.session_status(name)["containment"], GetParam() ? "subreaper" : "session");
    }
    const Ended ended = daemon.reeve({"stop", "one"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_TRUE(gone("one"));
    for (const char* member : {"two", "two_hidden", "two_stubborn"})
        EXPECT_TRUE(daemon.noted(member).running()) << member;
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(gone("two"));
    EXPECT_TRUE(innocent.running());
}

TEST_P(HiddenProcess, GoesWhenTheNextSupervisorRunsAtTheLatest) {
    daemon.session("one") = hiding("one");
    daemon.start();
    meet("one");
    daemon.kill();
    daemon.config["sessions"] = Json::object();
    daemon.start();
    EXPECT_TRUE(gone("one"));
    EXPECT_EQ(daemon.records().size(), 1U) << "the new one's own";
}

TEST_F(Subreaper, EndsItsSessionWithoutAnyNextSupervisorWhenItsOwnIsKilled) {
    daemon.session("one") = hiding("one");
    daemon.start();
    meet("one");
    const auto anchors = session_anchors();
    ASSERT_EQ(anchors.size(), 1U);
    const auto& anchor = daemon.watch(anchors.front());
    daemon.kill();
    EXPECT_TRUE(wait_until([&] { return gone("one"); }));
    EXPECT_TRUE(anchor.gone_within(std::chrono::seconds(20)));
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_TRUE(daemon.records().empty());
}

// The hidden ones now belong to whoever adopts them, the first process of the system perhaps.
TEST_F(Subreaper, ThatIsKilledIsNoticedAndItsSessionEndsAtOnce) {
    daemon.session("one") = hiding("one");
    daemon.session("one")["restart"] = "never";
    daemon.session("one")["stop"] = {{"grace", "300ms"}};
    daemon.start();
    meet("one");
    const auto anchors = session_anchors();
    ASSERT_EQ(anchors.size(), 1U);
    daemon.watch(anchors.front()).signal(SIGKILL);
    ASSERT_TRUE(daemon.wait_for_state("one", "failed"));
    EXPECT_TRUE(gone("one"));
    EXPECT_THAT(daemon.session_status("one")["attention"].get<std::string>(), HasSubstr("anchor was killed"));
    EXPECT_TRUE(daemon.session_status("one")["last_exit"].is_null()) << "nobody saw how it ended";
}

TEST_F(Subreaper, TellsHowTheCommandEndedAndLeavesWithIt) {
    daemon.session("exits") = shell("exit 7");
    daemon.session("killed") = shell("kill -9 $$");
    daemon.session("missing") = {{"command", {"/no/such/program"}}};
    for (const char* name : {"exits", "killed", "missing"}) daemon.session(name)["restart"] = "never";
    daemon.start();
    for (const char* name : {"exits", "killed", "missing"})
        ASSERT_TRUE(daemon.wait_for_state(name, "failed"));
    EXPECT_EQ(daemon.session_status("exits")["last_exit"]["code"], 7);
    EXPECT_EQ(daemon.session_status("killed")["last_exit"]["signal"], SIGKILL);
    EXPECT_EQ(daemon.session_status("missing")["last_exit"]["code"], 127);
    EXPECT_TRUE(session_anchors().empty());
}

TEST_F(Subreaper, StaysBehindTheCommandInStatusAndRecord) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const pid_t command = daemon.noted("api").pid();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    EXPECT_EQ(daemon.session_status("api")["pid"], command);
    EXPECT_EQ(daemon.only_record()["sessions"]["api"]["pid"], command);
    EXPECT_EQ(::getsid(command), command) << "it leads a session of its own";
    EXPECT_EQ(session_anchors().size(), 1U);
}

}  // namespace
}  // namespace reeve::test

// A changed configuration touches only what changed, and a bad one nothing.
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Reload : public testing::Test {
  protected:
    Reload() {
        for (const char* name : {"kept", "changed", "removed"}) {
            daemon.session(name) = shell(daemon.note(name) + "exec sleep 1000");
        }
    }
    ~Reload() override { daemon.stop_if_it_runs(); }
    void start() {
        daemon.start();
        for (const char* name : {"kept", "changed", "removed"}) {
            (void)daemon.noted(name);
            ASSERT_TRUE(daemon.wait_for_state(name, "running"));
        }
    }
    void change_the_configuration() {
        daemon.session("changed")["env"] = {{"NEW", "1"}};
        daemon.config["sessions"].erase("removed");
        daemon.session("added") = shell(daemon.note("added") + "exec sleep 1000");
        daemon.write_config();
    }

    PrivateDaemon daemon;
};

TEST_F(Reload, TouchesOnlyWhatChanged) {
    start();
    const auto& kept = daemon.noted("kept");
    const auto& changed = daemon.noted("changed");
    const auto& removed = daemon.noted("removed");
    daemon.forget_note("changed");
    change_the_configuration();
    const Ended ended = daemon.reeve({"reload"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(ended.out, "added: added; changed: changed; removed: removed\n");

    EXPECT_TRUE(kept.running());
    EXPECT_FALSE(changed.running());
    EXPECT_FALSE(removed.running());
    EXPECT_TRUE(daemon.noted("changed").running());
    EXPECT_TRUE(daemon.noted("added").running());
    ASSERT_TRUE(wait_until([&] { return daemon.session_status("removed").is_null(); }));
    EXPECT_EQ(daemon.session_status("kept")["pid"], kept.pid());
    EXPECT_EQ(daemon.session_status("kept")["restarts"], 0);
}

TEST_F(Reload, OfAnUnchangedConfigurationTouchesNothing) {
    start();
    const Ended ended = daemon.reeve({"reload"});
    EXPECT_EQ(ended.out, "added: none; changed: none; removed: none\n");
    for (const char* name : {"kept", "changed", "removed"}) EXPECT_TRUE(daemon.noted(name).running()) << name;
}

TEST_F(Reload, BySighupDoesTheSame) {
    start();
    const auto& kept = daemon.noted("kept");
    const auto& changed = daemon.noted("changed");
    const auto& removed = daemon.noted("removed");
    daemon.forget_note("changed");
    change_the_configuration();
    daemon.signal(SIGHUP);
    EXPECT_TRUE(daemon.noted("added").running());
    EXPECT_TRUE(daemon.noted("changed").running());
    EXPECT_TRUE(changed.gone_within(10s));
    EXPECT_TRUE(removed.gone_within(10s));
    EXPECT_TRUE(kept.running());
}

TEST_F(Reload, OfABadConfigurationChangesNothingAndNamesThePlace) {
    start();
    daemon.config["sessions"].erase("removed");
    daemon.session("changed")["restart"] = "sometimes";
    daemon.write_config();
    const Ended ended = daemon.reeve({"reload"});
    EXPECT_EQ(ended.code, 78);
    EXPECT_THAT(ended.err, HasSubstr("/sessions/changed/restart"));

    daemon.signal(SIGHUP);
    ASSERT_TRUE(
        wait_until([&] { return daemon.printed().find("configuration not applied") != std::string::npos; }));
    EXPECT_THAT(daemon.printed(), HasSubstr("/sessions/changed/restart"));

    write_text(daemon.home() / "config.json", "{ not json");
    EXPECT_EQ(daemon.reeve({"reload"}).code, 78);
    std::filesystem::remove(daemon.home() / "config.json");
    EXPECT_EQ(daemon.reeve({"reload"}).code, 78);

    for (const char* name : {"kept", "changed", "removed"}) EXPECT_TRUE(daemon.noted(name).running()) << name;
    EXPECT_EQ(daemon.status()["sessions"].size(), 3U);
}

TEST_F(Reload, NeverRunsTwoCopiesOfASession) {
    daemon.session("changed") = shell("trap '' TERM; " + daemon.note("changed") + "exec sleep 1000");
    daemon.session("changed")["stop"] = {{"grace", "500ms"}};
    start();
    const auto& before = daemon.noted("changed");
    daemon.forget_note("changed");
    daemon.session("changed")["env"] = {{"NEW", "1"}};
    daemon.write_config();
    EXPECT_EQ(daemon.reeve({"reload"}).code, 0);
    (void)daemon.noted("changed");
    EXPECT_FALSE(before.running());
}

// Several at once, while a session takes its time to stop: the last configuration counts, and none is lost.
TEST_F(Reload, MayBeAskedForAgainBeforeItIsDone) {
    daemon.session("changed") = shell("trap '' TERM; " + daemon.note("changed") + "exec sleep 1000");
    daemon.session("changed")["stop"] = {{"grace", "500ms"}};
    start();
    const auto& before = daemon.noted("changed");
    std::vector<std::future<Ended>> reloads;
    for (const char* value : {"1", "2", "3"}) {
        daemon.forget_note("changed");
        daemon.session("changed") = shell(daemon.note("changed") + "exec sleep 1000");
        daemon.session("changed")["env"] = {{"NEW", value}};
        daemon.write_config();
        reloads.push_back(std::async(std::launch::async, [&] { return daemon.reeve({"reload"}); }));
        daemon.signal(SIGHUP);
        ASSERT_TRUE(daemon.wait_for_state("changed", "stopping"));
    }
    for (auto& reload : reloads) {
        const Ended ended = reload.get();
        EXPECT_EQ(ended.code, 0) << ended.err;
    }
    ASSERT_TRUE(daemon.wait_for_state("changed", "running"));
    EXPECT_FALSE(before.running());
    EXPECT_EQ(daemon.reeve({"reload"}).out, "added: none; changed: none; removed: none\n");
    EXPECT_THAT(daemon.printed(), testing::Not(HasSubstr("bug")));
    int copies = 0;
    for (const auto& mark : daemon.marks()) copies += mark.session == "changed" ? 1 : 0;
    EXPECT_EQ(copies, 1);
    EXPECT_TRUE(daemon.noted("kept").running());
}

// Somebody waits for a session that is taken out of the configuration meanwhile.
TEST_F(Reload, AnswersThoseWhoWaitForASessionThatGoes) {
    daemon.session("waiting") = shell("exec sleep 1000");
    daemon.session("waiting")["after"] = {"never"};
    daemon.session("waiting")["autostart"] = false;
    daemon.session("never") = {{"command", {"no-such-program"}}};
    daemon.session("never")["backoff"] = {{"initial", "1h"}, {"max", "1h"}};
    start();
    auto waits = std::async(std::launch::async, [&] { return daemon.reeve({"start", "waiting"}); });
    ASSERT_TRUE(daemon.wait_for_state("waiting", "waiting"));
    daemon.config["sessions"].erase("waiting");
    daemon.write_config();
    EXPECT_EQ(daemon.reeve({"reload"}).code, 0);
    EXPECT_EQ(waits.get().code, 1);
    EXPECT_TRUE(daemon.noted("kept").running());
    EXPECT_EQ(daemon.reeve({"status"}).code, 0) << "the supervisor has lived through it";
}

// The stop comes while the reload waits for the old copy to end: no new copy may be started then.
TEST_F(Reload, ThatIsOvertakenByAStopStartsNothing) {
    daemon.session("changed") = shell("trap '' TERM; " + daemon.note("changed") + "exec sleep 1000");
    daemon.session("changed")["stop"] = {{"grace", "700ms"}};
    start();
    daemon.session("changed")["env"] = {{"NEW", "1"}};
    daemon.write_config();
    daemon.signal(SIGHUP);
    ASSERT_TRUE(daemon.wait_for_state("changed", "stopping"));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait_exit(10s), 0) << daemon.printed();
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_TRUE(daemon.records().empty());
    EXPECT_THAT(daemon.printed(), testing::Not(HasSubstr("bug")));
}

}  // namespace
}  // namespace reeve::test

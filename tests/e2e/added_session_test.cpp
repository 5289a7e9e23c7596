// reeve add and rm: sessions that are not in the configuration; and what a reload would change.
#include "support/private_daemon.hpp"
#include "support/raw_client.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <list>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class AddedSession : public testing::Test {
  protected:
    ~AddedSession() override { daemon.stop_if_it_runs(); }
    // reeve add NAME OPTION... -- sh -c SCRIPT
    Ended add(const std::string& name, const std::string& script,
              std::vector<std::string> options = {}) const {
        std::vector<std::string> words{"add", name};
        words.insert(words.end(), options.begin(), options.end());
        for (const char* word : {"--", "/bin/sh", "-c"}) words.emplace_back(word);
        words.push_back(script);
        return daemon.reeve(words);
    }
    Json stored() const { return Json::parse(read_text(daemon.store() / "sessions.json"), nullptr, false); }

    PrivateDaemon daemon;
};

TEST_F(AddedSession, RunsAndIsRestartedByTheSupervisorThatComesNext) {
    daemon.start();
    const Ended added = add("web", daemon.note("web") + "echo $COLOUR; pwd; exec sleep 1000",
                            {"--env", "COLOUR=red", "--cwd", "/", "--grace", "1s", "--restart", "always",
                             "--stop-signal", "INT", "--set", "log.keep=3"});
    ASSERT_EQ(added.code, 0) << added.err;
    const pid_t first = daemon.noted("web").pid();
    EXPECT_TRUE(wait_until([&] { return daemon.log_of("web") == "red\n/\n"; }));
    ASSERT_TRUE(daemon.wait_for_state("web", "running"));
    EXPECT_EQ(daemon.session_status("web")["added"], true);
    EXPECT_EQ(mode_of(daemon.store() / "sessions.json"), 0600) << "variables may be secrets";
    EXPECT_EQ(stored()["sessions"]["web"]["log"]["keep"], 3);
    EXPECT_EQ(stored()["sessions"]["web"]["stop"], Json::parse(R"({"signal":"INT","grace":"1s"})"));

    for (const bool orderly : {true, false}) {
        if (orderly) {
            EXPECT_EQ(daemon.stop(), 0);
        } else {
            daemon.kill();
        }
        daemon.forget_note("web");
        daemon.start();
        EXPECT_NE(daemon.noted("web").pid(), first);
        EXPECT_TRUE(daemon.wait_for_state("web", "running"));
    }
    for (const char* command : {"stop", "start", "restart"}) {
        EXPECT_EQ(daemon.reeve({command, "web"}).code, 0) << command;
    }
}

TEST_F(AddedSession, IsStoppedSeenGoneAndForgottenByRm) {
    daemon.start();
    ASSERT_EQ(add("web", daemon.note("web") + "trap '' TERM; sleep 1000 & wait", {"--grace", "300ms"}).code,
              0);
    const auto& web = daemon.noted("web");
    const Ended removed = daemon.reeve({"rm", "web"});
    EXPECT_EQ(removed.code, 0) << removed.err;
    EXPECT_FALSE(web.running());
    EXPECT_TRUE(daemon.marks().empty());
    EXPECT_TRUE(stored()["sessions"].empty());
    EXPECT_TRUE(wait_until([&] { return daemon.session_status("web").is_null(); }));
    const Ended again = daemon.reeve({"rm", "web"});
    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.err, HasSubstr("there is no such session"));
    EXPECT_EQ(daemon.stop(), 0);
    daemon.start();
    EXPECT_TRUE(daemon.session_status("web").is_null());
}

TEST_F(AddedSession, HasItsNameFromTheFirstMomentForOneOnly) {
    daemon.start();
    // Connected beforehand, so that all five are asked for while the first is being written.
    const std::string path = daemon.status()["control"];
    std::list<RawClient> clients;
    for (int i = 0; i < 5; ++i) clients.emplace_back(path);
    const Json wanted{{"name", "one"}, {"session", {{"command", {"sleep", "1000"}}}}};
    for (RawClient& client : clients) client.send_request("add", wanted);
    int succeeded = 0;
    for (RawClient& client : clients) {
        const Json answer = client.answer();
        succeeded += answer.contains("result") ? 1 : 0;
        if (answer.contains("error")) {
            EXPECT_THAT(answer["error"]["message"].get<std::string>(), HasSubstr("already"));
        }
    }
    EXPECT_EQ(succeeded, 1);
    EXPECT_EQ(daemon.marks().size(), 1U);
}

TEST_F(AddedSession, NeverMakesMoreThanTheLimit) {
    daemon.config["max_sessions"] = 4;
    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    std::vector<std::future<Ended>> attempts;
    for (int i = 0; i < 8; ++i) {
        attempts.push_back(std::async(std::launch::async,
                                      [&, i] { return add("s" + std::to_string(i), "exec sleep 1000"); }));
    }
    int succeeded = 0;
    for (auto& attempt : attempts) {
        const Ended ended = attempt.get();
        succeeded += ended.code == 0 ? 1 : 0;
        if (ended.code != 0) {
            EXPECT_THAT(ended.err, HasSubstr("there are 4 sessions already"));
        }
    }
    EXPECT_EQ(succeeded, 3);
    EXPECT_EQ(daemon.marks().size(), 4U);
    // A configuration cannot squeeze them out either.
    daemon.session("more") = shell("exec sleep 1000");
    daemon.write_config();
    const Ended reload = daemon.reeve({"reload"});
    EXPECT_EQ(reload.code, 78);
    EXPECT_THAT(reload.err, HasSubstr("max_sessions"));
    EXPECT_EQ(daemon.marks().size(), 4U);
}

TEST_F(AddedSession, IsLeftAloneByAReload) {
    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    ASSERT_EQ(add("web", daemon.note("web") + "exec sleep 1000", {"--after", "api"}).code, 0);
    const auto& web = daemon.noted("web");
    daemon.config["sessions"]["other"] = shell("exec sleep 1000");
    daemon.write_config();
    EXPECT_EQ(daemon.reeve({"reload"}).out, "added: other; changed: none; removed: none\n");
    EXPECT_TRUE(web.running());

    // What takes its name, or what it comes after, is refused as a whole.
    daemon.config["sessions"]["web"] = shell("exec sleep 1000");
    daemon.config["sessions"].erase("other");
    daemon.write_config();
    Ended refused = daemon.reeve({"reload"});
    EXPECT_EQ(refused.code, 78);
    EXPECT_THAT(refused.err, HasSubstr("reeve rm web"));
    daemon.config["sessions"].erase("web");
    daemon.config["sessions"].erase("api");
    daemon.write_config();
    refused = daemon.reeve({"reload"});
    EXPECT_EQ(refused.code, 78);
    EXPECT_THAT(refused.err, HasSubstr("web, which was added, comes after it"));
    EXPECT_TRUE(web.running());
    EXPECT_TRUE(daemon.wait_for_state("other", "running"));
    EXPECT_EQ(daemon.reeve({"rm", "web"}).code, 0);
    EXPECT_EQ(daemon.reeve({"reload"}).out, "added: none; changed: none; removed: api, other\n");
}

// The name was configured while no supervisor ran: the configuration counts, and nothing is lost.
TEST_F(AddedSession, StandsBackForAConfiguredOneAtTheNextStart) {
    daemon.start();
    ASSERT_EQ(add("web", daemon.note("added") + "exec sleep 1000").code, 0);
    EXPECT_EQ(daemon.stop(), 0);
    daemon.session("web") = shell(daemon.note("configured") + "exec sleep 1000");
    daemon.start();
    EXPECT_TRUE(daemon.noted("configured").running());
    EXPECT_THAT(daemon.status()["attention"].dump(), HasSubstr("reeve rm web"));
    EXPECT_EQ(daemon.session_status("web")["added"], false);
    EXPECT_EQ(daemon.marks().size(), 1U);

    // Gone from there, the added one runs again.
    daemon.config["sessions"].erase("web");
    daemon.write_config();
    daemon.forget_note("added");
    EXPECT_EQ(daemon.reeve({"reload"}).code, 0);
    EXPECT_TRUE(daemon.noted("added").running());
    EXPECT_EQ(daemon.reeve({"rm", "web"}).code, 0);
}

TEST_F(AddedSession, IsRefusedWhenItCannotBe) {
    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    EXPECT_THAT(add("api", "true").err, HasSubstr("there is a session of that name already"));
    EXPECT_THAT(add("x", "true", {"--after", "nobody"}).err, HasSubstr("it comes after nobody"));
    const Ended policy = add("x", "true", {"--restart", "on-failur"});
    EXPECT_EQ(policy.code, 78);
    EXPECT_THAT(policy.err, HasSubstr("did you mean \"on-failure\"?"));
    EXPECT_EQ(add("x", "true", {"--env", "NOEQUALS"}).code, 78);
    EXPECT_EQ(add("../x", "true").code, 64);
    EXPECT_EQ(daemon.reeve({"add", "x"}).code, 64);
    EXPECT_EQ(daemon.reeve({"add", "x", "y", "--", "true"}).code, 64);
    EXPECT_THAT(daemon.reeve({"rm", "api"}).err, HasSubstr("it is in the configuration"));
    EXPECT_FALSE(std::filesystem::exists(daemon.store() / "sessions.json"));
    // What others come after stays.
    ASSERT_EQ(add("a", "exec sleep 1000").code, 0);
    ASSERT_EQ(add("b", "exec sleep 1000", {"--after", "a"}).code, 0);
    EXPECT_THAT(daemon.reeve({"rm", "a"}).err, HasSubstr("b comes after it"));
    EXPECT_EQ(daemon.reeve({"rm", "a", "b"}).code, 0);
    EXPECT_EQ(daemon.marks().size(), 1U);
}

TEST_F(AddedSession, ThatDoesNotStartIsSaidAndStays) {
    daemon.start();
    const Ended added = daemon.reeve({"add", "x", "--restart", "never", "--", "no-such-program"});
    EXPECT_EQ(added.code, 1);
    EXPECT_THAT(added.err, HasSubstr("no-such-program"));
    EXPECT_THAT(added.err, HasSubstr("reeve rm x"));
    EXPECT_TRUE(stored()["sessions"].contains("x"));
    EXPECT_EQ(daemon.reeve({"rm", "x"}).code, 0);
}

TEST_F(AddedSession, FileMayHoldAnythingAndStopsNoStart) {
    daemon.start();
    ASSERT_EQ(add("good", "exec sleep 1000").code, 0);
    EXPECT_EQ(daemon.stop(), 0);
    const std::string good = read_text(daemon.store() / "sessions.json");
    Json mixed = Json::parse(good);
    mixed["sessions"]["bad"] = {{"comand", {"x"}}};
    for (const std::string& text : {mixed.dump(), std::string(), std::string("[]"),
                                    std::string("{\"sessions\":7}"), std::string("\xff{")}) {
        write_text(daemon.store() / "sessions.json", text);
        daemon.start();
        EXPECT_THAT(daemon.status()["attention"].dump(), HasSubstr("sessions.json")) << text;
        EXPECT_EQ(read_text(daemon.store() / "sessions.json.unreadable"), text);
        EXPECT_EQ(daemon.session_status("good").is_object(), text == mixed.dump());
        EXPECT_EQ(daemon.stop(), 0);
    }
}

TEST_F(AddedSession, SurvivesAKillAtAnyMomentAfterItsAnswer) {
    daemon.start();
    for (int i = 0; i < 5; ++i) {
        const std::string name = "s" + std::to_string(i);
        ASSERT_EQ(add(name, "exec sleep 1000").code, 0);
        daemon.kill();
        daemon.start();
        for (int j = 0; j <= i; ++j) {
            EXPECT_TRUE(daemon.wait_for_state("s" + std::to_string(j), "running")) << i;
        }
    }
}

// --- what a reload would change ---

TEST_F(AddedSession, ReloadDryRunTellsAndTouchesNothing) {
    daemon.session("kept") = shell("exec sleep 1000");
    daemon.session("changed") = shell(daemon.note("changed") + "exec sleep 1000");
    daemon.session("removed") = shell("exec sleep 1000");
    daemon.start();
    ASSERT_EQ(add("web", "exec sleep 1000").code, 0);
    const auto& before = daemon.noted("changed");
    daemon.session("changed")["env"] = {{"NEW", "1"}};
    daemon.session("changed")["stop"] = {{"grace", "3s"}};
    daemon.session("added") = shell("exec sleep 1000");
    daemon.config["sessions"].erase("removed");
    daemon.config["reap_grace"] = "250ms";
    daemon.write_config();
    const Ended table = daemon.reeve({"reload", "--dry-run"});
    EXPECT_EQ(table.code, 0) << table.err;
    EXPECT_EQ(table.out,
              "WHAT     NAME        CHANGES\n"
              "added    added\n"
              "changed  changed     env, stop\n"
              "removed  removed\n"
              "setting  reap_grace\n");
    const Json json = Json::parse(daemon.reeve({"reload", "--dry-run", "--json"}).out);
    EXPECT_EQ(json["keys"]["changed"], Json::parse(R"(["env","stop"])"));
    EXPECT_EQ(json["settings"], Json::parse(R"(["reap_grace"])"));
    EXPECT_TRUE(before.running());
    EXPECT_TRUE(wait_until([&] { return daemon.status()["sessions"].size() == 4U; }));
    EXPECT_EQ(daemon.reeve({"reload"}).out, "added: added; changed: changed; removed: removed\n");
    EXPECT_EQ(daemon.reeve({"reload", "--dry-run"}).out, "nothing would change\n");
    daemon.session("kept")["restart"] = "sometimes";
    daemon.write_config();
    EXPECT_EQ(daemon.reeve({"reload", "--dry-run"}).code, 78);
}

}  // namespace
}  // namespace reeve::test

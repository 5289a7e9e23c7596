// What happens when a session ends by itself.
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

class SessionRestart : public testing::Test {
  protected:
    ~SessionRestart() override { daemon.stop_if_it_runs(); }
    // Ends with `status` each time, and notes that it ran.
    Json ending(int status) {
        Json session = shell("echo life; exit " + std::to_string(status));
        session["backoff"] = {{"initial", "10ms"}, {"max", "20ms"}};
        session["give_up_after"] = {{"restarts", 3}, {"within", "1m"}};
        return session;
    }
    int lives_of(const std::string& name) const {
        const std::string log = daemon.log_of(name);
        return static_cast<int>(std::count(log.begin(), log.end(), '\n'));
    }
    std::string attention_of(const std::string& name) const {
        return daemon.session_status(name)["attention"].get<std::string>();
    }

    PrivateDaemon daemon;
};

TEST_F(SessionRestart, AFailureIsTriedAgainUntilItHasFailedTooOften) {
    daemon.session("api") = ending(3);
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
    EXPECT_EQ(lives_of("api"), 4) << "the first, and three restarts";
    const Json api = daemon.session_status("api");
    EXPECT_EQ(api["restarts"], 3);
    EXPECT_EQ(api["last_exit"]["code"], 3);
    EXPECT_TRUE(api["pid"].is_null());
    EXPECT_THAT(attention_of("api"), AllOf(HasSubstr("3 times within"), HasSubstr("reeve logs api")));
    EXPECT_THAT(daemon.status()["attention"].dump(), HasSubstr("api: "));
    EXPECT_THAT(daemon.reeve({"status"}).out, HasSubstr("! api: "));
    EXPECT_TRUE(stays([&] { return lives_of("api") == 4; })) << "it has been given up";

    EXPECT_EQ(daemon.reeve({"start", "api"}).code, 0);
    ASSERT_TRUE(wait_until([&] { return lives_of("api") == 8; })) << "a person's start begins anew";
    ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
}

TEST_F(SessionRestart, WithoutAPauseEverySuccessorIsOnRecordAndCounted) {
    daemon.session("api") =
        shell("cat \"$REEVE_STORE/instances/$REEVE_INSTANCE.json\" > " +
              (daemon.home() / "record.new").string() + "; mv " + (daemon.home() / "record.new").string() +
              " " + (daemon.home() / "record").string() + "; echo $$; exec sleep 1000");
    daemon.session("api")["restart"] = "always";
    daemon.session("api")["backoff"] = {{"initial", "0ms"}};
    daemon.start();
    for (int life = 1; life <= 3; ++life) {
        ASSERT_TRUE(wait_until([&] { return lives_of("api") == life; }));
        const std::string log = daemon.log_of("api");
        const auto begins = log.rfind('\n', log.size() - 2);
        const pid_t pid = std::stoi(log.substr(begins == log.npos ? 0 : begins + 1));
        const Json record = Json::parse(read_text(daemon.home() / "record"));
        EXPECT_EQ(record["sessions"]["api"]["pid"], pid) << "what the command itself found when it ran";
        ASSERT_EQ(::kill(pid, SIGKILL), 0);
    }
    EXPECT_TRUE(wait_until([&] { return daemon.session_status("api")["restarts"] == 3; }));
    const auto memory = [&] { return read_text(daemon.store() / "memory.json"); };
    EXPECT_TRUE(wait_until([&] { return memory().find("api") != std::string::npos; }));
}

TEST_F(SessionRestart, ItsPolicyDecides) {
    daemon.session("never") = ending(3);
    daemon.session("never")["restart"] = "never";
    daemon.session("clean") = ending(0);
    daemon.session("always") = ending(0);
    daemon.session("always")["restart"] = "always";
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("never", "failed"));
    ASSERT_TRUE(daemon.wait_for_state("clean", "exited"));
    ASSERT_TRUE(daemon.wait_for_state("always", "failed"));
    EXPECT_EQ(lives_of("never"), 1);
    EXPECT_EQ(lives_of("clean"), 1);
    EXPECT_EQ(lives_of("always"), 4);
}

TEST_F(SessionRestart, APauseGrowsAndIsShown) {
    daemon.session("api") = ending(1);
    daemon.session("api")["backoff"] = {{"initial", "1h"}, {"max", "1h"}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "backoff"));
    EXPECT_TRUE(stays([&] { return lives_of("api") == 1; }));
    EXPECT_EQ(daemon.reeve({"stop", "api"}, 5s).code, 0) << "a pause can be ended";
    ASSERT_TRUE(daemon.wait_for_state("api", "stopped"));
}

TEST_F(SessionRestart, AKilledSessionIsNamedByItsSignal) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.session("api")["restart"] = "never";
    daemon.start();
    daemon.noted("api").signal(SIGKILL);
    ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
    const Json exit = daemon.session_status("api")["last_exit"];
    EXPECT_EQ(exit["signal"], SIGKILL);
    EXPECT_TRUE(exit["code"].is_null());
}

// A pid that is no longer the session's must not stay in a record: whoever gets it next would be reaped.
TEST_F(SessionRestart, AnEndedSessionLeavesTheRecord) {
    daemon.session("api") = shell("exit 0");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "exited"));
    EXPECT_TRUE(wait_until([&] { return daemon.only_record()["sessions"].empty(); }));
}

TEST_F(SessionRestart, WhatCannotRunHasFailedAndSaysWhy) {
    daemon.session("missing") = {{"command", {"no-such-program"}}, {"restart", "never"}};
    daemon.session("nowhere") = {{"command", {"true"}}, {"cwd", "/no/such/directory"}, {"restart", "never"}};
    daemon.session("no_program") = {{"command", {"/etc/hostname"}}, {"restart", "never"}};
    daemon.start();
    for (const char* name : {"missing", "nowhere", "no_program"}) {
        ASSERT_TRUE(daemon.wait_for_state(name, "failed")) << name;
        EXPECT_EQ(daemon.session_status(name)["restarts"], 0) << name;
    }
    EXPECT_THAT(attention_of("missing"), HasSubstr("no-such-program"));
    EXPECT_EQ(daemon.session_status("missing")["last_exit"]["code"], 127);
    EXPECT_THAT(attention_of("nowhere"), HasSubstr("/no/such/directory"));
    EXPECT_EQ(daemon.session_status("nowhere")["last_exit"]["code"], 126);
    EXPECT_THAT(attention_of("no_program"), HasSubstr("/etc/hostname"));
    EXPECT_EQ(daemon.session_status("no_program")["last_exit"]["code"], 126);
    const Ended started = daemon.reeve({"start", "missing"});
    EXPECT_EQ(started.code, 1);
    EXPECT_THAT(started.err, HasSubstr("reeve: starting missing: "));
    EXPECT_TRUE(wait_until([&] { return daemon.only_record()["sessions"].empty(); }));
}

TEST_F(SessionRestart, AFailingSessionDisturbsNoOther) {
    daemon.session("bad") = ending(1);
    daemon.session("good") = shell(daemon.note("good") + "exec sleep 1000");
    daemon.start();
    const auto& good = daemon.noted("good");
    ASSERT_TRUE(daemon.wait_for_state("bad", "failed"));
    EXPECT_TRUE(good.running());
    EXPECT_EQ(daemon.session_status("good")["restarts"], 0);
}

}  // namespace
}  // namespace reeve::test

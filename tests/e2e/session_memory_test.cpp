// What a supervisor that was started again still knows of its sessions.
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace reeve::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SessionMemoryTest : public testing::Test {
  protected:
    ~SessionMemoryTest() override { daemon.stop_if_it_runs(); }
    int lives_of(const std::string& name) const {
        const std::string log = daemon.log_of(name);
        return static_cast<int>(std::count(log.begin(), log.end(), '\n'));
    }
    Json failing() {
        Json session = shell("echo 'life of it'; exit 3");
        session["backoff"] = {{"initial", "10ms"}, {"max", "10ms"}};
        session["give_up_after"] = {{"restarts", 3}, {"within", "1h"}};
        return session;
    }

    PrivateDaemon daemon;
};

TEST_F(SessionMemoryTest, AGivenUpSessionStaysGivenUpUntilAPersonStartsIt) {
    daemon.session("api") = failing();
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
    EXPECT_EQ(lives_of("api"), 4);
    EXPECT_EQ(daemon.session_status("api")["last_output"], "life of it");
    for (const bool orderly : {true, false}) {
        if (orderly) {
            EXPECT_EQ(daemon.stop(), 0);
        } else {
            daemon.kill();
        }
        daemon.start();
        ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
        EXPECT_THAT(daemon.session_status("api")["attention"].get<std::string>(),
                    AllOf(HasSubstr("3 times within 1h"), HasSubstr("reeve start api")));
        EXPECT_TRUE(stays([&] { return lives_of("api") == 4; }));
    }
    (void)daemon.reeve({"start", "api"});
    ASSERT_TRUE(wait_until([&] { return lives_of("api") == 8; }));
}

TEST_F(SessionMemoryTest, RestartsAreCountedOverAKillOfTheSupervisor) {
    daemon.session("api") = failing();
    daemon.session("api")["backoff"] = {{"initial", "1h"}, {"max", "1h"}};
    for (int life = 1; life <= 4; ++life) {
        daemon.start();
        ASSERT_TRUE(wait_until([&] { return lives_of("api") == life; }));
        ASSERT_TRUE(daemon.wait_for_state("api", life == 4 ? "failed" : "backoff"))
            << "each supervisor saw one end only; the fourth is too many";
        if (life < 4) daemon.kill();
    }
}

TEST_F(SessionMemoryTest, UnlessStoppedMeansStoppedByHandAndForGood) {
    for (const char* policy : {"always", "unless-stopped"}) {
        daemon.session(policy) = shell(daemon.note(policy) + "exec sleep 1000");
        daemon.session(policy)["restart"] = policy;
    }
    daemon.start();
    (void)daemon.noted("always");
    (void)daemon.noted("unless-stopped");
    // An orderly stop of the supervisor is nobody's hand.
    EXPECT_EQ(daemon.stop(), 0);
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("unless-stopped", "running"));
    EXPECT_EQ(daemon.reeve({"stop", "always", "unless-stopped"}).code, 0);
    daemon.kill();
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("always", "running"));
    EXPECT_TRUE(stays([&] { return daemon.session_status("unless-stopped")["state"] == "stopped"; }));
    EXPECT_EQ(daemon.reeve({"start", "unless-stopped"}).code, 0);
    daemon.kill();
    daemon.start();
    EXPECT_TRUE(daemon.wait_for_state("unless-stopped", "running"));
}

TEST_F(SessionMemoryTest, AFileThatCannotBeReadIsNoReasonNotToStart) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    write_text(daemon.store() / "memory.json", "{\"sessions\": [");
    daemon.start();
    EXPECT_TRUE(daemon.wait_for_state("api", "running"));
    EXPECT_THAT(daemon.log_of("reeve"), HasSubstr("what earlier supervisors knew of sessions is lost"));
}

}  // namespace
}  // namespace reeve::test

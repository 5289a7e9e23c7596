// After a crash loop: status and control are there, and nothing happens by itself.
#include "support/private_daemon.hpp"
#include "support/raw_client.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::test {
namespace {

class SafeMode : public testing::Test {
  protected:
    SafeMode() {
        std::filesystem::create_directories(daemon.store());
        std::filesystem::permissions(daemon.store(), std::filesystem::perms::owner_all);
        std::string crashes;
        for (int i = 0; i < 5; ++i) crashes += "1700000000\n";
        write_text(daemon.store() / "crashes", crashes);
        std::filesystem::permissions(daemon.store() / "crashes", std::filesystem::perms(0600));
        daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
        daemon.launch();
        const bool safe = wait_until([&] {
            const Json status = daemon.status();
            return status.is_object() && status["state"] == "safe";
        });
        EXPECT_TRUE(safe) << daemon.printed();
    }
    ~SafeMode() override { daemon.stop_if_it_runs(); }

    PrivateDaemon daemon;
};

TEST_F(SafeMode, StartsNothingUntilAPersonAsks) {
    EXPECT_TRUE(stays([&] { return !std::filesystem::exists(daemon.note_file("api")); }));
    EXPECT_THAT(daemon.reeve({"status"}).out, testing::HasSubstr("safe mode"));
    EXPECT_EQ(daemon.reeve({"start", "api"}).code, 0);
    EXPECT_TRUE(daemon.noted("api").running());
}

TEST_F(SafeMode, ReapsWhenItIsAskedTo) {
    const Json answer = RawClient(daemon.status()["control"].get<std::string>()).call("reap");
    EXPECT_EQ(answer["result"]["reaper"]["last_run"]["failed"], 0) << answer;
}

}  // namespace
}  // namespace reeve::test

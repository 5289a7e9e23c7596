#include "support/fake_services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace reeve::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Service : public testing::Test {
  protected:
    ReeveProgram reeve;
    FakeServices services{reeve};
};

TEST_F(Service, InstallsAUnitWithThePathsOfThisUserAndEnablesIt) {
    const Ended ended = reeve.run({"service", "install"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    const std::string unit = read_text(services.unit());
    EXPECT_THAT(unit, HasSubstr(std::string("\nExecStart=") + REEVE_BINARY + " run\n"));
    EXPECT_THAT(unit, HasSubstr(std::string("\nExecReload=") + REEVE_BINARY + " reload\n"));
    EXPECT_THAT(unit, Not(HasSubstr("@")));
    EXPECT_EQ(mode_of(services.unit()), 0644);
    EXPECT_EQ(services.calls(), "systemctl --user daemon-reload\nsystemctl --user enable reeve.service\n");
    EXPECT_THAT(ended.out, AllOf(HasSubstr("next login"), Not(HasSubstr("linger"))));
}

TEST_F(Service, StartsItAtOnceWhenAskedAndTellsAboutLinger) {
    reeve.file("linger", "no");
    const Ended ended = reeve.run({"service", "install", "--now"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(services.calls(), HasSubstr("enable --now reeve.service\n"));
    EXPECT_THAT(ended.out, HasSubstr("loginctl enable-linger"));
}

TEST_F(Service, InstallsTheSameAgainWithoutWriting) {
    ASSERT_EQ(reeve.run({"service", "install"}).code, 0);
    const auto written = std::filesystem::last_write_time(services.unit());
    const Ended again = reeve.run({"service", "install"});
    EXPECT_EQ(again.code, 0);
    EXPECT_THAT(again.out, HasSubstr("there already, and current"));
    EXPECT_EQ(std::filesystem::last_write_time(services.unit()), written);
    EXPECT_EQ(names_in(services.unit().parent_path()), std::vector<std::string>{"reeve.service"});
}

TEST_F(Service, WritesNothingAndCallsNobodyWhenItIsOnlyAsked) {
    const Ended ended = reeve.run({"service", "install", "--now", "--dry-run"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("would write " + services.unit().string()), HasSubstr("[Service]"),
                                 HasSubstr("would run: systemctl --user enable --now reeve.service")));
    EXPECT_FALSE(std::filesystem::exists(services.unit()));
    EXPECT_EQ(services.calls(), "");
}

TEST_F(Service, NamesAStoreThatIsNotTheDefaultAndQuotesIt) {
    const std::string store = (reeve.home() / "a b%c$d\"e").string();
    ASSERT_EQ(reeve.run({"--store", store, "service", "install"}).code, 0);
    EXPECT_THAT(read_text(services.unit()),
                HasSubstr(" run --store \"" + reeve.home().string() + "/a b%%c$$d\\\"e\"\n"));
}

TEST_F(Service, FollowsTheSettingsFolderOfTheUser) {
    reeve.env["XDG_CONFIG_HOME"] = (reeve.home() / "settings").string();
    ASSERT_EQ(reeve.run({"service", "install"}).code, 0);
    EXPECT_TRUE(std::filesystem::exists(reeve.home() / "settings/systemd/user/reeve.service"));
    EXPECT_FALSE(std::filesystem::exists(services.unit()));
}

TEST_F(Service, NamesTheProgramAsPathDoes) {
    const auto link = reeve.home() / "bin/reeve";
    std::filesystem::create_symlink(REEVE_BINARY, link);
    ASSERT_EQ(reeve.run({"service", "install"}).code, 0);
    EXPECT_THAT(read_text(services.unit()), HasSubstr("ExecStart=" + link.string() + " run\n"));
}

TEST_F(Service, PassesOnWhatTheServiceManagerSaysWhenItFails) {
    for (const char* verb : {"daemon-reload", "enable"}) {
        services.fails(verb, "Failed to connect to bus: No medium found");
        const Ended ended = reeve.run({"service", "install"});
        EXPECT_EQ(ended.code, 1) << verb;
        EXPECT_THAT(ended.err,
                    AllOf(HasSubstr(std::string("systemctl --user ") + verb), HasSubstr("No medium found")));
        std::filesystem::remove(reeve.home() / ("fail." + std::string(verb)));
    }
    services.fails("disable", "Access denied");
    const Ended ended = reeve.run({"service", "uninstall"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr("Access denied"));
    EXPECT_TRUE(std::filesystem::exists(services.unit()));
}

TEST_F(Service, FailsWhereThereIsNoServiceManager) {
    const std::string nowhere = (reeve.home() / "empty").string();
    std::filesystem::create_directory(nowhere);
    reeve.env["PATH"] = nowhere;
    for (const char* action : {"install", "status"}) {
        const Ended ended = reeve.run({"service", action});
        EXPECT_NE(ended.code, 0);
        EXPECT_THAT(ended.err, HasSubstr("systemctl")) << action;
    }
}

TEST_F(Service, UninstallsEverythingButTheStoreAndSaysWhereThatIs) {
    reeve.file("store/kept", "");
    const std::string store = reeve.store().string();
    ASSERT_EQ(reeve.run({"--store", store, "service", "install"}).code, 0);
    services.fails("reset-failed",
                   "Failed to reset failed state of unit reeve.service: Unit reeve.service not loaded.");
    const Ended ended = reeve.run({"--store", store, "service", "uninstall"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("stays: " + store));
    EXPECT_EQ(names_in(services.unit().parent_path()), std::vector<std::string>{});
    EXPECT_TRUE(std::filesystem::exists(reeve.store() / "kept"));
    EXPECT_THAT(services.calls(), HasSubstr("disable --now reeve.service\nsystemctl --user daemon-reload\n"));
    const Ended again = reeve.run({"--store", store, "service", "uninstall"});
    EXPECT_EQ(again.code, 0);
    EXPECT_THAT(again.out, HasSubstr("nothing to do"));
    EXPECT_THAT(again.out, HasSubstr("another file"));
    reeve.file("show", "UnitFileState=\nActiveState=inactive\n");
    EXPECT_THAT(reeve.run({"--store", store, "service", "uninstall"}).out, Not(HasSubstr("another file")));
}

TEST_F(Service, FailsWhenWhatShouldHaveHadNothingToDoFailsForAnotherReason) {
    ASSERT_EQ(reeve.run({"service", "install"}).code, 0);
    services.fails("reset-failed", "Failed to connect to bus: Connection refused");
    const Ended ended = reeve.run({"service", "uninstall"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr("Connection refused"));
}

TEST_F(Service, SaysHowTheChangedFileTakesEffect) {
    ASSERT_EQ(reeve.run({"service", "install"}).code, 0);
    write_text(services.unit(), "[Service]\nExecStart=/old/reeve run\n");
    const Ended ended = reeve.run({"service", "install", "--now"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("systemctl --user restart reeve.service"));
    EXPECT_THAT(services.calls(), Not(HasSubstr("restart")));
}

TEST_F(Service, LeavesTheUsersOwnSettingsAndSaysSo) {
    ASSERT_EQ(reeve.run({"service", "install"}).code, 0);
    reeve.file(".config/systemd/user/reeve.service.d/override.conf", "[Service]\n");
    EXPECT_THAT(reeve.run({"service", "uninstall"}).out, HasSubstr("reeve.service.d"));
    EXPECT_TRUE(std::filesystem::exists(services.unit().string() + ".d/override.conf"));
}

TEST_F(Service, ShowsWhetherItIsInstalledCurrentEnabledAndActive) {
    EXPECT_THAT(reeve.run({"service", "status"}).out, HasSubstr("not installed"));
    ASSERT_EQ(reeve.run({"service", "install"}).code, 0);
    const Ended ended = reeve.run({"service", "status", "--json"});
    EXPECT_EQ(ended.code, 0);
    json said = json::parse(ended.out, nullptr, false);
    EXPECT_EQ(said["installed"], true);
    EXPECT_EQ(said["current"], true);
    EXPECT_EQ(said["enabled"], true);
    EXPECT_EQ(said["active"], true);
    EXPECT_EQ(said["linger"], true);
    write_text(services.unit(), "[Service]\nExecStart=/old/reeve run\n");
    reeve.file("show", "UnitFileState=disabled\nActiveState=inactive\n");
    const Ended stopped = reeve.run({"service", "status", "--json"});
    EXPECT_EQ(stopped.code, 3);
    said = json::parse(stopped.out, nullptr, false);
    EXPECT_EQ(said["current"], false);
    EXPECT_EQ(said["enabled"], false);
    EXPECT_EQ(said["active"], false);
}

}  // namespace
}  // namespace reeve::test

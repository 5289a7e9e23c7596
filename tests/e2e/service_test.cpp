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
    EXPECT_EQ(services.calls(),
              "systemctl --user show --property=UnitPath\n"
              "systemctl --user daemon-reload\nsystemctl --user enable reeve.service\n");
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

// What was said at the first install holds for everything that comes later, until something else is said.
TEST_F(Service, RemembersTheStoreAndTheConfigurationThatItWasInstalledWith) {
    const std::string store = (reeve.home() / "a b%c$d\"e").string();
    const std::string config = reeve.file("my config.json", "{}");
    ASSERT_EQ(reeve.run({"--store", store, "service", "install", "--config", config}).code, 0);
    const std::string unit = read_text(services.unit());
    EXPECT_THAT(unit, HasSubstr(" --config \"" + config + "\"\n"));
    const Ended again = reeve.run({"service", "install"});
    EXPECT_THAT(again.out, HasSubstr("there already, and current")) << again.err;
    EXPECT_EQ(json::parse(reeve.run({"service", "status", "--json"}).out, nullptr, false)["store"], store);
    const Ended ended = reeve.run({"service", "uninstall"});
    EXPECT_THAT(ended.out, HasSubstr("stays: " + store));
    ASSERT_EQ(reeve.run({"--store", store, "service", "install"}).code, 0);
    const std::string other = (reeve.home() / "other").string();
    ASSERT_EQ(reeve.run({"--store", other, "service", "install"}).code, 0);
    EXPECT_THAT(read_text(services.unit()), HasSubstr("run --store \"" + other + "\"\n"));
}

// The service manager's environment is not this shell's.
TEST_F(Service, NamesWhatOnlyThisShellKnows) {
    reeve.env["XDG_STATE_HOME"] = (reeve.home() / "state").string();
    reeve.env["REEVE_CONFIG"] = reeve.file("mine.json", "{}");
    ASSERT_EQ(reeve.run({"service", "install"}).code, 0);
    EXPECT_THAT(read_text(services.unit()),
                AllOf(HasSubstr(" --store \"" + reeve.env["XDG_STATE_HOME"] + "/reeve\""),
                      HasSubstr(" --config \"" + reeve.env["REEVE_CONFIG"] + "\"\n"),
                      HasSubstr("reeve reload --store ")));
}

TEST_F(Service, WritesNothingWhereItsManagerDoesNotLook) {
    reeve.file("show", "UnitPath=/etc/systemd/user /somebody/.config/systemd/user\n");
    const Ended ended = reeve.run({"service", "install"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr("XDG_CONFIG_HOME"));
    EXPECT_FALSE(std::filesystem::exists(services.unit()));
    reeve.file("show", "UnitPath=/etc/systemd/user " + services.unit().parent_path().string() + " /x\n");
    EXPECT_EQ(reeve.run({"service", "install"}).code, 0);
}

TEST_F(Service, WritesNothingWhenNobodyAnswers) {
    services.fails("show", "Failed to connect to bus: No medium found");
    const Ended ended = reeve.run({"service", "install"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("No medium found"), HasSubstr("enable-linger")));
    EXPECT_FALSE(std::filesystem::exists(services.unit()));
}

TEST_F(Service, KeepsWhatSomebodyHasWrittenThere) {
    const std::string kept = (reeve.store() / "reeve.service.before").string();
    const std::vector<std::string> words = {"--store", reeve.store().string(), "service"};
    const auto run = [&](const std::string& action) {
        std::vector<std::string> all = words;
        all.push_back(action);
        return reeve.run(all);
    };
    ASSERT_EQ(run("install").code, 0);
    EXPECT_FALSE(std::filesystem::exists(kept));
    const std::string mine = read_text(services.unit()) + "# mine\n";
    write_text(services.unit(), mine);
    EXPECT_THAT(run("install").out, HasSubstr("what it said is kept: " + kept));
    EXPECT_EQ(read_text(kept), mine);
    std::filesystem::remove(kept);
    write_text(services.unit(), mine);
    EXPECT_EQ(run("uninstall").code, 0);
    EXPECT_EQ(read_text(kept), mine);
}

TEST_F(Service, WritesThroughNoLink) {
    const std::string target = reeve.file("dotfiles/reeve.service", "[Service]\nExecStart=/old/reeve run\n");
    std::filesystem::create_directories(services.unit().parent_path());
    std::filesystem::create_symlink(target, services.unit());
    const Ended ended = reeve.run({"service", "install"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("link to " + target), HasSubstr("--dry-run")));
    EXPECT_THAT(read_text(target), HasSubstr("/old/reeve"));
    EXPECT_EQ(reeve.run({"service", "uninstall"}).code, 0);
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(services.unit())));
    EXPECT_TRUE(std::filesystem::exists(target));
}

TEST_F(Service, DoesNotGuessWhatOnlySystemdCanRead) {
    std::filesystem::create_directories(services.unit().parent_path());
    for (const char* command :
         {"%h/bin/reeve run", "/bin/reeve run --store %h/state", "/bin/reeve run --config $X"}) {
        const std::string mine = std::string("[Service]\nExecStart=") + command + "\n";
        write_text(services.unit(), mine);
        const Ended ended = reeve.run({"service", "install"});
        EXPECT_EQ(ended.code, 1) << command;
        EXPECT_THAT(ended.err, HasSubstr("name both")) << command;
        EXPECT_EQ(read_text(services.unit()), mine);
    }
    write_text(services.unit(),
               "[Service]\nExecStart=/bin/reeve run --store=" + reeve.store().string() + "\n");
    EXPECT_EQ(reeve.run({"service", "install"}).code, 0);
    EXPECT_THAT(read_text(services.unit()), HasSubstr("--store \"" + reeve.store().string() + "\"\n"));
}

TEST_F(Service, RefusesOptionsThatMeanNothing) {
    for (const std::vector<std::string>& words : {std::vector<std::string>{"install", "--json"},
                                                  {"uninstall", "--now"},
                                                  {"status", "--dry-run"},
                                                  {"status", "--config", "x"}}) {
        std::vector<std::string> all = {"service"};
        all.insert(all.end(), words.begin(), words.end());
        EXPECT_EQ(reeve.run(all).code, 64) << words.back();
    }
    EXPECT_EQ(services.calls(), "");
}

TEST_F(Service, ShowsTheUnitOfAPackage) {
    reeve.file("show",
               "UnitFileState=enabled\nActiveState=active\n"
               "FragmentPath=/usr/lib/systemd/user/reeve.service\n");
    const Ended ended = reeve.run({"service", "status"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out,
                AllOf(HasSubstr("not installed"), HasSubstr("used:    /usr/lib/systemd/user/reeve.service")));
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

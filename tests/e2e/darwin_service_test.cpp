// The service of macOS with a launchctl that does as it is told: a script that answers as launchd's does.
#include "support/reeve_program.hpp"
#include "support/text_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

namespace reeve::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// $HOME/loaded stands for an agent that launchd knows, and holds its state; $HOME/fail.VERB makes a verb
// fail.
constexpr const char* launchctl = R"SH(#!/bin/sh
echo "launchctl $*" >>"$HOME/calls"
if [ -e "$HOME/fail.$1" ]; then cat "$HOME/fail.$1" >&2; exit 5; fi
case $1 in
    print) [ -e "$HOME/loaded" ] || { echo 'Could not find service "local.reeve"' >&2; exit 113; }
        echo "	state = $(cat "$HOME/loaded")" ;;
    bootout) [ -e "$HOME/loaded" ] || { echo "Boot-out failed: 3: No such process" >&2; exit 3; }
        rm "$HOME/loaded" ;;
    bootstrap) [ ! -e "$HOME/loaded" ] || { echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; }
        echo running >"$HOME/loaded" ;;
    print-disabled) cat "$HOME/disabled" 2>/dev/null; exit 0 ;;
    kickstart) echo running >"$HOME/loaded" ;;
esac
)SH";

class DarwinService : public testing::Test {
  protected:
    DarwinService() {
        const std::string path = reeve.file("bin/launchctl", launchctl);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    }
    Ended run(std::vector<std::string> words) const {
        Program program;
        program.argv = {DARWIN_SERVICE_PROGRAM};
        program.argv.insert(program.argv.end(), words.begin(), words.end());
        program.env = {{"PATH", (reeve.home() / "bin").string() + ":/usr/bin:/bin"},
                       {"HOME", reeve.home().string()}};
        return run_program(program);
    }
    std::string calls() const { return read_text(reeve.home() / "calls"); }
    void forget_calls() const { std::filesystem::remove(reeve.home() / "calls"); }
    std::filesystem::path agent() const { return reeve.home() / "Library/LaunchAgents/local.reeve.plist"; }
    std::string name() const { return "gui/" + std::to_string(::geteuid()) + "/local.reeve"; }

    ReeveProgram reeve;
};

TEST_F(DarwinService, WritesTheAgentAndStartsItOnce) {
    const Ended ended = run({"install", "--now"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(read_text(agent()),
                AllOf(HasSubstr(std::string("<string>") + DARWIN_SERVICE_PROGRAM + "</string>"),
                      Not(HasSubstr("@"))));
    EXPECT_THAT(calls(), AllOf(HasSubstr("enable " + name()), HasSubstr("bootstrap gui/")));
    forget_calls();
    // launchd refuses to load what is loaded, and to boot it out would end the sessions.
    EXPECT_EQ(run({"install", "--now"}).code, 0);
    EXPECT_THAT(calls(), AllOf(Not(HasSubstr("bootout")), Not(HasSubstr("bootstrap"))));
}

TEST_F(DarwinService, StartsWhatIsLoadedAndDoesNotRun) {
    ASSERT_EQ(run({"install", "--now"}).code, 0);
    reeve.file("loaded", "not running");
    EXPECT_EQ(run({"status"}).code, 3);
    EXPECT_EQ(run({"install", "--now"}).code, 0);
    EXPECT_THAT(calls(), HasSubstr("kickstart " + name()));
    EXPECT_EQ(run({"status"}).code, 0);
}

TEST_F(DarwinService, WaitsForTheNextLoginWithoutNow) {
    EXPECT_EQ(run({"install"}).code, 0);
    EXPECT_EQ(calls(), "launchctl enable " + name() + "\n");
}

TEST_F(DarwinService, LeavesARunningOneAloneAndSaysHowTheChangedFileTakesEffect) {
    ASSERT_EQ(run({"install", "--now"}).code, 0);
    write_text(agent(), "<plist/>");
    const Ended ended = run({"install", "--now"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("launchctl bootout " + name()));
    EXPECT_THAT(calls(), Not(HasSubstr("bootout")));
}

TEST_F(DarwinService, PassesOnWhatLaunchctlSaysWhenItFails) {
    for (const char* verb : {"enable", "bootstrap"}) {
        reeve.file(std::string("fail.") + verb, "Input/output error\n");
        const Ended ended = run({"install", "--now"});
        EXPECT_EQ(ended.code, 1) << verb;
        EXPECT_THAT(ended.err, AllOf(HasSubstr(verb), HasSubstr("Input/output error")));
        std::filesystem::remove(reeve.home() / (std::string("fail.") + verb));
    }
    // What could not be booted out still runs: the file stays, too.
    reeve.file("fail.bootout", "Boot-out failed: 36: Operation now in progress\n");
    EXPECT_EQ(run({"uninstall"}).code, 1);
    EXPECT_TRUE(std::filesystem::exists(agent()));
}

TEST_F(DarwinService, IsEnabledFromTheInstallationOnUnlessSomebodyHasDisabledIt) {
    const auto enabled = [&] {
        return nlohmann::json::parse(run({"status"}).out, nullptr, false)["enabled"];
    };
    EXPECT_EQ(enabled(), false);
    ASSERT_EQ(run({"install"}).code, 0);
    EXPECT_EQ(enabled(), true);
    reeve.file("disabled", "\t\"com.example\" => disabled\n\t\"local.reeve\" => enabled\n");
    EXPECT_EQ(enabled(), true);
    reeve.file("disabled", "\t\"local.reeve\" => disabled\n");
    EXPECT_EQ(enabled(), false);
}

TEST_F(DarwinService, UninstallsWhetherItIsLoadedOrNot) {
    for (const char* now : {"--now", "install"}) {
        ASSERT_EQ(run({"install", now}).code, 0);
        const Ended ended = run({"uninstall"});
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_FALSE(std::filesystem::exists(agent()));
        EXPECT_FALSE(std::filesystem::exists(reeve.home() / "loaded"));
        EXPECT_THAT(ended.out, HasSubstr("The store, with state and logs, stays: "));
    }
    EXPECT_THAT(run({"uninstall"}).out, HasSubstr("nothing to do"));
}

TEST_F(DarwinService, CallsNobodyThatChangesSomethingInADryRun) {
    const Ended ended = run({"install", "--now", "--dry-run"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("would write"), HasSubstr("would run: launchctl bootstrap")));
    EXPECT_FALSE(std::filesystem::exists(agent()));
    EXPECT_THAT(calls(), Not(testing::ContainsRegex("launchctl (enable|bootstrap|kickstart)")));
}

}  // namespace
}  // namespace reeve::test

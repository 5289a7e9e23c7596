// Variables, files of variables and limits, and that a secret in one of them is seen by its session only.
#include "support/private_daemon.hpp"
#include "support/test_image.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <sstream>

namespace reeve::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class SessionVariables : public testing::Test {
  protected:
    ~SessionVariables() override { daemon.stop_if_it_runs(); }
    std::vector<std::string> lines_of(const std::string& script, const Json& more) {
        daemon.session("probe") = shell(script);
        daemon.session("probe").update(more);
        daemon.session("probe")["restart"] = "never";
        daemon.start();
        EXPECT_TRUE(wait_until([&] {
            const std::string state = daemon.session_status("probe").value("state", "");
            return state == "exited" || state == "failed";
        }));
        std::istringstream log(daemon.log_of("probe"));
        std::vector<std::string> lines;
        for (std::string line; std::getline(log, line);) lines.push_back(line);
        return lines;
    }
    std::string attention() const { return daemon.session_status("probe")["attention"].get<std::string>(); }

    PrivateDaemon daemon;
};

TEST_F(SessionVariables, AFileOfVariablesIsReadAtEachStartAndEnvStandsAboveIt) {
    write_text(daemon.home() / "a.env", "A=first\nB=first\nC=first\n");
    write_text(daemon.home() / "b.env", "B=second\nC='second'\n");
    const Json more = {{"env_file", {"~/a.env", (daemon.home() / "b.env").string()}},
                       {"env", {{"C", "third"}}}};
    EXPECT_THAT(lines_of("echo $A $B $C", more), Contains("first second third"));
    write_text(daemon.home() / "a.env", "A=changed\n");
    (void)daemon.reeve({"start", "probe"});
    EXPECT_TRUE(
        wait_until([&] { return daemon.log_of("probe").find("changed second third") != std::string::npos; }));
}

TEST_F(SessionVariables, AFileThatIsNotThereFailsItsSessionAloneAndIsFoundByCheck) {
    daemon.session("other") = shell("exec sleep 1000");
    (void)lines_of("echo never", {{"env_file", {"~/missing.env"}}});
    EXPECT_EQ(daemon.session_status("probe")["state"], "failed");
    EXPECT_THAT(attention(), HasSubstr("missing.env"));
    EXPECT_TRUE(daemon.wait_for_state("other", "running"));
    const Ended checked = daemon.reeve({"check"});
    EXPECT_EQ(checked.code, 78);
    EXPECT_THAT(checked.out, AllOf(HasSubstr("/sessions/probe/env_file/0: "), HasSubstr("missing.env")));
}

TEST_F(SessionVariables, LimitsHoldForTheSessionAndAreNotToBeRaised) {
    const auto lines =
        lines_of("ulimit -S -n; ulimit -H -n; ulimit -c; ulimit -t; nice; ulimit -n 65 || echo refused",
                 {{"limits", {{"nofile", 64}, {"core", "0"}, {"cpu", "90s"}, {"nice", 7}}}});
    ASSERT_GE(lines.size(), 5U);
    EXPECT_EQ(lines[0], "64");
    EXPECT_EQ(lines[1], "64");
    EXPECT_EQ(lines[2], "0");
    EXPECT_EQ(lines[3], "90");
    EXPECT_EQ(lines[4], "7");
}

TEST_F(SessionVariables, ALimitThatTheKernelRefusesIsNamed) {
    // Above the most that any process of the system may have, for root too: sysctl fs.nr_open.
    (void)lines_of("echo never", {{"limits", {{"nofile", 1'000'000'000}}}});
    EXPECT_EQ(daemon.session_status("probe")["state"], "failed");
    EXPECT_THAT(attention(), AllOf(HasSubstr("limits"), HasSubstr("nofile")));
    EXPECT_EQ(daemon.log_of("probe"), "");
}

TEST_F(SessionVariables, AnUnknownVariableIsAMistakeInTheConfigurationAndChangesNothing) {
    daemon.session("probe") = shell("exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("probe", "running"));
    const Json before = daemon.session_status("probe");
    daemon.session("probe")["env"] = {{"A", "${NOT_SET_ANYWHERE}"}};
    daemon.write_config();
    const Ended checked = daemon.reeve({"check"});
    EXPECT_EQ(checked.code, 78);
    EXPECT_THAT(checked.out, AllOf(HasSubstr("/sessions/probe/env/A: "), HasSubstr("\"NOT_SET_ANYWHERE\"")));
    EXPECT_NE(daemon.reeve({"reload"}).code, 0);
    EXPECT_EQ(daemon.session_status("probe")["pid"], before["pid"]);
}

// --- secrets ---

class Secrets : public SessionVariables {
  protected:
    static constexpr const char* canary = "canary-";  // all of them begin so
    // Everything that reeve writes but the output of sessions, which is theirs.
    void expect_none_in_the_store() {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(daemon.store())) {
            const auto name = entry.path().filename();
            if (!entry.is_regular_file() || name == "api.log" || name == "db.log") continue;
            EXPECT_THAT(read_text(entry.path()), Not(HasSubstr(canary))) << entry.path();
        }
        EXPECT_THAT(daemon.printed(), Not(HasSubstr(canary)));
    }
    void expect_none_said() {
        for (const std::vector<std::string>& words :
             {std::vector<std::string>{"status"}, {"status", "--json"}, {"check"}, {"lock"}}) {
            const Ended said = daemon.reeve(words);
            EXPECT_THAT(said.out + said.err, Not(HasSubstr(canary))) << words.front();
        }
    }
};

TEST_F(Secrets, OfAProcessAreSeenByItAlone) {
    daemon.env["FROM_OUTSIDE"] = "canary-outside";
    write_text(daemon.home() / "secret.env", "IN_FILE=canary-file\n");
    daemon.session("api") = shell("echo $IN_ENV $IN_FILE $FILLED_IN $0; " + daemon.note("api") +
                                  "[ -e ~/end ] && exit 3; exec sleep 1000");
    daemon.session("api")["command"].push_back("--token=${FROM_OUTSIDE}");
    daemon.session("api")["env"] = {{"IN_ENV", "canary-env"}, {"FILLED_IN", "${FROM_OUTSIDE}"}};
    daemon.session("api")["env_file"] = {"~/secret.env"};
    daemon.session("api")["restart"] = "never";
    daemon.session("api")["live"] = {{"exec", {"sh", "-c", "echo $IN_ENV; true"}}, {"interval", "20ms"}};
    daemon.start();
    (void)daemon.noted("api");
    EXPECT_TRUE(wait_until([&] {
        return daemon.log_of("api") == "canary-env canary-file canary-outside --token=canary-outside\n";
    }));
    EXPECT_THAT(daemon.only_record().dump(), HasSubstr("--token=${FROM_OUTSIDE}"));
    expect_none_said();
    expect_none_in_the_store();

    // What it prints when it fails is shown, but not what it was told in confidence.
    write_text(daemon.home() / "end", "");
    daemon.forget_note("api");
    (void)daemon.reeve({"restart", "api"});
    ASSERT_TRUE(daemon.wait_for_state("api", "failed"));
    EXPECT_THAT(daemon.session_status("api")["last_output"].get<std::string>(), HasSubstr("***"));
    expect_none_said();
    expect_none_in_the_store();
    EXPECT_EQ(daemon.stop(), 0);
    expect_none_in_the_store();
}

TEST_F(Secrets, OfAContainerAreInNoCommandLine) {
    REEVE_NEEDS_ENGINE("docker");
    // A docker that notes its own command line before it is the real one.
    const auto wrapper = daemon.home() / "docker";
    write_text(wrapper, "#!/bin/sh\necho \"$*\" >>" + (daemon.home() / "calls").string() +
                            "\nexec /usr/bin/docker \"$@\"\n");
    std::filesystem::permissions(wrapper, std::filesystem::perms::owner_all);
    daemon.env["FROM_OUTSIDE"] = "canary-outside";
    write_text(daemon.home() / "secret.env", "IN_FILE=canary-file\n");
    daemon.config["engine"] = {{"command", wrapper.string()}, {"timeout", "60s"}};
    daemon.session("db") = {{"image", test_image},
                            {"args",
                             {"sh", "-c",
                              "case $IN_ENV$IN_FILE$FILLED_IN in c*-envc*-filec*-outside) echo seen;; esac; "
                              "exec sleep 1000"}},
                            {"env", {{"IN_ENV", "canary-env"}, {"FILLED_IN", "${FROM_OUTSIDE}"}}},
                            {"env_file", {"~/secret.env"}},
                            {"ready", {{"log", "^seen$"}}},
                            {"stop", {{"grace", "0s"}}}};
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return daemon.session_status("db").value("ready", false); }));
    EXPECT_THAT(read_text(daemon.home() / "calls"), AllOf(HasSubstr("create"), Not(HasSubstr(canary))));
    expect_none_said();
    expect_none_in_the_store();
}

}  // namespace
}  // namespace reeve::test

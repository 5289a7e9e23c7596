// Another program in the place of the running supervisor's: nothing is restarted, nothing lost, and whatever
// the new program does wrong before it runs costs nothing.
#include "reeve/os/process_table.hpp"
#include "support/private_daemon.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <sstream>
#include <thread>

namespace reeve::test {
namespace {

using testing::HasSubstr;

class Upgrade : public testing::Test {
  protected:
    ~Upgrade() override { daemon.stop_if_it_runs(); }

    Ended upgrade(const std::string& program = REEVE_NEXT_BINARY) const {
        return daemon.reeve({"upgrade", program});
    }
    void expect_upgraded(int times = 1) const {
        const Ended ended = upgrade();
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_THAT(ended.out, HasSubstr("to 99.0.0-next in place"));
        // What the file says from now on is the new program's.
        EXPECT_TRUE(wait_until([&] { return daemon.status()["upgrades"] == times; }));
    }
    // A program for this store; `try_out` and `go_on` are what it does in each of its two calls.
    std::string script(const std::string& try_out, const std::string& go_on) const {
        const auto path = daemon.home() / "new-reeve";
        write_text(path, "#!/bin/sh\ncase \"$*\" in\n*--try-out*) " + try_out + " ;;\n*) " + go_on +
                             " ;;\nesac\nexec " REEVE_NEXT_BINARY " \"$@\"\n");
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path.string();
    }
    std::vector<pid_t> children() const {
        std::vector<pid_t> found;
        const auto table = list_processes();
        if (!table.ok()) return found;
        for (const ProcessEntry& entry : *table) {
            if (entry.parent == daemon.pid()) found.push_back(entry.pid);
        }
        return found;
    }
    // Whether the log is the lines 1, 2, ... each once and in order; returns how many.
    int lines_of(const std::string& name) const {
        const bool rotated = std::filesystem::exists(daemon.store() / "logs" / (name + ".log.1"));
        std::istringstream lines(rotated ? daemon.reeve({"logs", "-n", "100000000", name}).out
                                         : daemon.log_of(name));
        int count = 0;
        for (std::string line; std::getline(lines, line);) {
            if (line != "line " + std::to_string(++count)) {
                ADD_FAILURE() << name << ": \"" << line << "\" in the place of line " << count;
                return count;
            }
        }
        return count;
    }
    static Json without_times(Json status) {
        for (const char* key : {"memory_bytes", "cpu_seconds"}) status.erase(key);
        return status;
    }
    Json status_without_times(const std::string& name) const {
        return without_times(daemon.session_status(name));
    }
    Json sessions_without_times() const {
        Json sessions = Json::object();
        const Json status = daemon.status();
        for (const auto& [name, session] : status["sessions"].items())
            sessions[name] = without_times(session);
        return sessions;
    }
    std::size_t count_running() const {
        const Json status = daemon.status();
        std::size_t count = 0;
        for (const auto& session : status["sessions"]) count += session["state"] == "running" ? 1 : 0;
        return count;
    }

    PrivateDaemon daemon;
    // In bursts, so that some of it is always on its way; and now and then.
    const std::string endless =
        "i=0; while :; do i=$((i+1)); echo line $i; [ $((i % 500)) -eq 0 ] && sleep 0.02; done";
    const std::string slowly = "i=0; while :; do i=$((i+1)); echo line $i; sleep 1; done";
};

class UpgradeOn : public Upgrade, public testing::WithParamInterface<const char*> {
  protected:
    UpgradeOn() {
        if (GetParam() != std::string("cgroup")) daemon.env["REEVE_CGROUP"] = "off";
        if (GetParam() == std::string("session")) daemon.env["REEVE_SUBREAPER"] = "off";
    }
};
INSTANTIATE_TEST_SUITE_P(, UpgradeOn, testing::Values("cgroup", "subreaper", "session"),
                         [](const auto& ladder) { return std::string("With_") + ladder.param; });

TEST_P(UpgradeOn, RestartsNoneOfManySessionsAndLosesNoLine) {
    // A hundred, and fewer where each has a process more.
    const int many = GetParam() == std::string("cgroup") ? 100 : 25;
    for (int i = 1; i < many; ++i) daemon.session("s" + std::to_string(i)) = shell(slowly);
    daemon.session("s0") = shell(endless);
    daemon.session("s0")["log"] = {{"max_size", "4MiB"}, {"keep", 1000}};
    daemon.start();
    ASSERT_TRUE(wait_until([&] { return count_running() == static_cast<std::size_t>(many); },
                           std::chrono::seconds(60)));
    for (int i = 0; i < many; ++i)
        ASSERT_TRUE(wait_until([&] { return !daemon.log_of("s" + std::to_string(i)).empty(); }));
    const Json before = sessions_without_times();
    const Json life = daemon.only_record();
    expect_upgraded();
    EXPECT_EQ(sessions_without_times(), before);
    EXPECT_EQ(daemon.only_record(), life);
    EXPECT_EQ(daemon.status()["pid"], daemon.pid());
    EXPECT_EQ(daemon.status()["version"], "99.0.0-next");
    std::map<std::string, std::size_t> sizes;
    for (const auto& [name, status] : before.items()) sizes[name] = daemon.log_of(name).size();
    for (const auto& [name, size] : sizes) {
        EXPECT_TRUE(wait_until([&daemon = daemon, &name = name, &size = size] {
            return daemon.log_of(name).size() != size;
        })) << name
            << " is silent";
    }
    const auto stopping = daemon.reeve({"stop", "s0"});
    EXPECT_EQ(stopping.code, 0) << stopping.err;
    for (const auto& [name, status] : before.items()) EXPECT_GT(lines_of(name), 0);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_P(UpgradeOn, GoesOnToSeeHowSessionsEndAndToCountRestarts) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.session("api")["restart"] = "always";
    daemon.session("api")["backoff"] = {{"initial", "1ms"}, {"max", "1ms"}};
    daemon.session("once") = shell(daemon.note("once") + "exec sleep 1000");
    daemon.session("once")["restart"] = "never";
    daemon.start();
    daemon.noted("api").signal(SIGKILL);
    daemon.forget_note("api");
    ASSERT_TRUE(wait_until([&] { return daemon.session_status("api")["restarts"] == 1; }));
    expect_upgraded();
    EXPECT_EQ(daemon.session_status("api")["restarts"], 1);
    EXPECT_EQ(daemon.session_status("api")["last_exit"]["signal"], SIGKILL);
    for (int restarts = 2; restarts < 4; ++restarts) {
        ASSERT_TRUE(daemon.wait_for_state("api", "running"));
        const pid_t pid = daemon.session_status("api")["pid"].get<pid_t>();
        ::kill(pid, SIGTERM);  // our own session, by the pid that its supervisor tells
        ASSERT_TRUE(wait_until([&] { return daemon.session_status("api")["restarts"] == restarts; }));
        EXPECT_EQ(daemon.session_status("api")["last_exit"]["signal"], SIGTERM);
    }
    daemon.noted("once").signal(SIGINT);
    ASSERT_TRUE(daemon.wait_for_state("once", "failed"));
    EXPECT_EQ(daemon.session_status("once")["last_exit"]["signal"], SIGINT);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_P(UpgradeOn, LeavesNothingWhenTheNewProgramIsKilled) {
    daemon.session("tree") = shell("setsid sleep 1000 & " + daemon.note("tree") + "exec sleep 1000");
    daemon.start();
    (void)daemon.noted("tree");
    expect_upgraded();
    daemon.kill();
    daemon.config["sessions"] = Json::object();
    daemon.start();
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_EQ(daemon.records().size(), 1U);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_P(UpgradeOn, CanBeDoneAgainAndBackToTheFormerVersion) {
    daemon.session("api") = shell(endless);
    daemon.session("api")["log"] = {{"max_size", "4MiB"}, {"keep", 1000}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    const Json before = status_without_times("api");
    for (int upgrades = 1; upgrades <= 6; ++upgrades) {
        const Ended ended = upgrade(upgrades % 2 == 1 ? REEVE_NEXT_BINARY : REEVE_BINARY);
        ASSERT_EQ(ended.code, 0) << ended.err;
        ASSERT_TRUE(wait_until([&] { return daemon.status()["upgrades"] == upgrades; }));
        ASSERT_EQ(status_without_times("api"), before);
    }
    EXPECT_EQ(daemon.reeve({"stop", "api"}).code, 0);
    EXPECT_GT(lines_of("api"), 1000);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, IsRefusedByAProgramThatDoesNotUnderstandAndNothingChanges) {
    daemon.session("api") = shell(slowly);
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    const Json before = daemon.session_status("api")["pid"];
    const Ended refused = upgrade(script("echo 'reeve: cannot read it' >&2; exit 65", ""));
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("cannot read it"));
    EXPECT_EQ(upgrade("/bin/true").code, 1) << "what says nothing is no reeve";
    EXPECT_EQ(upgrade("/nowhere/reeve").code, 1);
    EXPECT_EQ(upgrade(script("sleep 1000", "")).code, 1) << "a dry start has a deadline";
    EXPECT_EQ(daemon.session_status("api")["pid"], before);
    EXPECT_EQ(daemon.status()["upgrades"], 0);  // nothing has written it since
    EXPECT_FALSE(std::filesystem::exists(daemon.store() / "handover.json"));
    EXPECT_EQ(daemon.reeve({"restart", "api"}).code, 0);
    EXPECT_EQ(daemon.stop(), 0);
}

// What was asked for by name is remembered at once, also of those that come before it and that nobody waits
// for.
TEST_F(Upgrade, WaitsForNoMemoryThatNobodyWrites) {
    daemon.session("db") = shell("exec sleep 1000");
    daemon.session("db")["restart"] = "unless-stopped";
    daemon.session("api") = shell("exec sleep 1000");
    daemon.session("api")["after"] = {"db"};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    ASSERT_EQ(daemon.reeve({"stop", "api", "db"}).code, 0);
    ASSERT_EQ(daemon.reeve({"start", "api"}).code, 0);
    EXPECT_TRUE(wait_until([&] {
        return read_text(daemon.store() / "memory.json").find("\"db\"") == std::string::npos;
    })) << "db is still stopped by hand: "
        << read_text(daemon.store() / "memory.json");
    expect_upgraded();
    EXPECT_EQ(daemon.session_status("db")["state"], "running");
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, ThatIsRefusedLetsGoOfWhatItHasHeldBack) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.session("api")["restart"] = "always";
    daemon.session("api")["backoff"] = {{"initial", "1ms"}, {"max", "1ms"}};
    daemon.start();
    const auto held = daemon.home() / "held";
    ASSERT_EQ(::mkfifo(held.c_str(), 0600), 0);
    const std::string refusing = script("read go <" + held.string() + "; exit 65", "");
    std::thread asking([&] { EXPECT_EQ(upgrade(refusing).code, 1); });
    const std::string handover = (daemon.store() / "handover.json").string();
    EXPECT_TRUE(wait_until([&] { return std::filesystem::exists(handover); }));
    daemon.noted("api").signal(SIGKILL);
    daemon.forget_note("api");
    EXPECT_TRUE(daemon.wait_for_state("api", "waiting"));
    write_text(held, "\n");
    asking.join();
    EXPECT_TRUE(daemon.wait_for_state("api", "running"));
    EXPECT_EQ(daemon.stop(), 0);
}

// A reload that comes in the middle is carried out while the new program still looks for what the dead have
// left.
TEST_F(Upgrade, StartsWhatAReloadAddsInTheMiddleOnce) {
    const auto starts = daemon.home() / "starts";
    daemon.session("api") = shell("exec sleep 1000");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    daemon.session("new") = shell("echo $$ >>" + starts.string() + "; exec sleep 1000");
    daemon.write_config();
    ASSERT_EQ(upgrade(script("", "kill -HUP $$")).code, 0);
    ASSERT_TRUE(daemon.wait_for_state("new", "running"));
    EXPECT_TRUE(wait_until([&] { return daemon.status()["upgrades"] == 1; }));
    // Whatever else was begun has been by now: the start of a third comes behind it.
    daemon.session("last") = shell("exec sleep 1000");
    daemon.write_config();
    ASSERT_EQ(daemon.reeve({"reload"}).code, 0);
    ASSERT_TRUE(daemon.wait_for_state("last", "running"));
    const std::string pids = read_text(starts);
    EXPECT_EQ(std::count(pids.begin(), pids.end(), '\n'), 1) << pids;
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_F(Upgrade, TellsTheNewProgramEverythingThatItWasTold) {
    const auto told = daemon.home() / "told";
    daemon.run_through = {
        "/bin/sh", "-c",
        "shift; exec " REEVE_BINARY " --store \"$2\" supervise --scope our.scope --config \"$5\"", "sh"};
    daemon.start();
    ASSERT_EQ(upgrade(script("", "echo \"$@\" >" + told.string())).code, 0);
    ASSERT_TRUE(wait_until([&] { return daemon.status()["upgrades"] == 1; }));
    EXPECT_THAT(read_text(told), testing::AllOf(HasSubstr("--scope our.scope"), HasSubstr("--config ")));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, ThatCannotBeExecutedAfterAllCostsNothing) {
    daemon.session("api") = shell(endless);
    daemon.session("api")["log"] = {{"max_size", "4MiB"}, {"keep", 1000}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    const Json before = daemon.session_status("api")["pid"];
    const Ended refused = upgrade(script("rm \"$0\"; echo 'reeve 100'; exit 0", ""));
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("No such file"));
    EXPECT_EQ(daemon.session_status("api")["pid"], before);
    const auto size = daemon.reeve({"logs", "-n", "1", "api"}).out;
    EXPECT_TRUE(wait_until([&] { return daemon.reeve({"logs", "-n", "1", "api"}).out != size; }));
    EXPECT_EQ(daemon.reeve({"stop", "api"}).code, 0);
    EXPECT_GT(lines_of("api"), 0);
    EXPECT_EQ(daemon.stop(), 0) << "a signal is heard again";
}

// execve(2) takes handlers away: what comes then must wait for the new program, and not end it.
TEST_F(Upgrade, KeepsASignalThatComesInTheMiddleForTheNewProgram) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    (void)daemon.noted("api");
    (void)upgrade(script("", "kill -TERM $$"));
    EXPECT_EQ(daemon.wait_exit(), 0) << "an orderly stop";
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_TRUE(daemon.records().empty());
}

TEST_F(Upgrade, IsGivenUpWhenTheSupervisorIsToStop) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    (void)daemon.noted("api");
    (void)upgrade(
        script("kill -TERM " + std::to_string(daemon.pid()) + "; echo 'reeve 100'; exit 0", "exit 9"));
    EXPECT_EQ(daemon.wait_exit(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_F(Upgrade, IsAskedForBySigusr2Too) {
    daemon.session("api") = shell(slowly);
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    const Json before = daemon.session_status("api")["pid"];
    daemon.signal(SIGUSR2);
    EXPECT_TRUE(wait_until([&] { return daemon.status()["upgrades"] == 1; }));
    EXPECT_EQ(daemon.session_status("api")["pid"], before);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, HoldsTheStoreAllTheTime) {
    daemon.start();
    struct stat before {};
    struct stat after {};
    ASSERT_EQ(::lstat((daemon.store() / ".locked").c_str(), &before), 0);
    expect_upgraded();
    ASSERT_EQ(::lstat((daemon.store() / ".locked").c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
    EXPECT_EQ(daemon.reeve({"supervise"}).code, 75);
    EXPECT_EQ(daemon.reeve({"status"}).code, 0);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(daemon.store() / ".locked"));
}

TEST_F(Upgrade, GivesNoDescriptorToSessionsThatStartLater) {
    daemon.session("api") = shell(slowly);
    daemon.session("late") = shell("ls /proc/$$/fd | tr '\\n' ' '; ulimit -n");
    daemon.session("late")["autostart"] = false;
    daemon.session("early") = shell("ulimit -n");
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("early", "exited"));
    expect_upgraded();
    ASSERT_EQ(daemon.reeve({"start", "late"}).code, 0);
    ASSERT_TRUE(daemon.wait_for_state("late", "exited"));
    EXPECT_EQ(daemon.log_of("late"), "0 1 2 " + daemon.log_of("early"));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, EndsTheCallsOfTheFormerProgramAndLeavesNoZombie) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.session("api")["live"] = {{"exec", {"/bin/sh", "-c", daemon.note("probe") + "exec sleep 1000"}},
                                     {"interval", "10ms"},
                                     {"timeout", "1h"}};
    daemon.start();
    (void)daemon.noted("api");
    const WatchedProcess& probe = daemon.noted("probe");
    daemon.forget_note("probe");
    expect_upgraded();
    EXPECT_TRUE(probe.gone_within(std::chrono::seconds(20)));
    (void)daemon.noted("probe");  // it looks again
    EXPECT_TRUE(wait_until([&] { return children().size() == 2; }));
    EXPECT_EQ(daemon.session_status("api")["restarts"], 0);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, KeepsWhatIsReadyAndHearsWhatItSaysNext) {
    const std::string say = "printf '%s' \"$1\" | socat - UNIX-SENDTO:$NOTIFY_SOCKET; ";
    const auto go = daemon.home() / "go";
    ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
    daemon.session("api") = shell("say() { " + say + "}; say 'READY=1\nSTATUS=early'; read go <" +
                                  go.string() + "; say STATUS=late; exec sleep 1000");
    daemon.session("api")["ready"] = {{"notify", true}, {"timeout", "1h"}};
    daemon.session("next") = shell("exec sleep 1000");
    daemon.session("next")["after"] = {"api"};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("next", "running"));
    expect_upgraded();
    EXPECT_EQ(daemon.session_status("api")["ready"], true);
    EXPECT_EQ(daemon.session_status("api")["message"], "early");
    write_text(go, "\n");
    EXPECT_TRUE(wait_until([&] { return daemon.session_status("api")["message"] == "late"; }));
    EXPECT_EQ(daemon.session_status("next")["restarts"], 0);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, KeepsEveryStateAndDoesNotApplyTheChangedConfiguration) {
    daemon.session("stopped") = shell("exec sleep 1000");
    daemon.session("exited") = shell("exit 0");
    daemon.session("exited")["restart"] = "never";
    daemon.session("failed") = shell("echo why; exit 3");
    daemon.session("failed")["restart"] = "never";
    daemon.session("backoff") = shell("exit 4");
    daemon.session("backoff")["restart"] = "always";
    daemon.session("backoff")["backoff"] = {{"initial", "1h"}, {"max", "1h"}};
    daemon.session("running") = shell(slowly);
    daemon.start();
    ASSERT_EQ(daemon.reeve({"add", "added", "--", "sleep", "1000"}).code, 0);
    ASSERT_EQ(daemon.reeve({"stop", "stopped"}).code, 0);
    const std::vector<std::string> all{"stopped", "exited", "failed", "backoff", "running", "added"};
    for (const auto& name : all)
        ASSERT_TRUE(daemon.wait_for_state(name, name == "added" ? "running" : name)) << name;
    std::map<std::string, Json> before;
    for (const auto& name : all) before[name] = status_without_times(name);
    daemon.session("running")["env"] = {{"CHANGED", "yes"}};
    daemon.session("new") = shell("exec sleep 1000");
    daemon.write_config();
    expect_upgraded();
    for (const auto& name : all) EXPECT_EQ(status_without_times(name), before[name]);
    EXPECT_TRUE(daemon.session_status("new").is_null());
    const Json plan = Json::parse(daemon.reeve({"reload", "--dry-run", "--json"}).out);
    EXPECT_EQ(plan["added"], Json({"new"}));
    EXPECT_EQ(plan["changed"], Json({"running"}));
    EXPECT_EQ(daemon.reeve({"rm", "added"}).code, 0);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, UnderstandsAConfigurationWithComments) {
    daemon.session("running") = shell(slowly);
    daemon.start();
    daemon.session("other") = shell("exec sleep 1000");
    write_text((daemon.home() / "config.json").string(),
               "// What runs here.\n" + daemon.config.dump(2) + "\n/* That is all. */\n");
    ASSERT_EQ(daemon.reeve({"reload"}).code, 0);
    ASSERT_TRUE(daemon.wait_for_state("other", "running"));
    expect_upgraded();
    EXPECT_EQ(daemon.reeve({"reload", "--dry-run"}).out, "nothing would change\n");
    EXPECT_EQ(daemon.stop(), 0);
}

// It does not lie in memory (core/config_text.hpp), and is not what the file says by now.
TEST_F(Upgrade, TakesALongConfigurationAlong) {
    daemon.session("running") = shell(slowly);
    daemon.session("running")["env"] = {{"LONG", std::string(20'000, 'x')}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("running", "running"));
    daemon.session("new") = shell("exec sleep 1000");
    write_text((daemon.home() / "config.json").string(), daemon.config.dump());
    expect_upgraded();
    expect_upgraded(2);
    const Json plan = Json::parse(daemon.reeve({"reload", "--dry-run", "--json"}).out);
    EXPECT_EQ(plan["added"], Json({"new"}));
    EXPECT_EQ(plan["changed"], Json::array());
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, WaitsForAStopThatIsUnderWay) {
    daemon.session("api") = shell("trap '' TERM; " + daemon.note("api") + "while :; do sleep 1000; done");
    daemon.session("api")["stop"] = {{"grace", "700ms"}};
    daemon.start();
    (void)daemon.noted("api");
    Program stop;
    stop.argv = {"/bin/sh",
                 "-c",
                 "\"$0\" --store \"$1\" stop api & \"$0\" --store \"$1\" upgrade \"$2\"; code=$?; wait $!; "
                 "echo $code $?",
                 REEVE_BINARY,
                 daemon.store().string(),
                 REEVE_NEXT_BINARY};
    stop.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", daemon.home().string()}};
    const Ended ended = run_program(stop);
    EXPECT_THAT(ended.out, testing::EndsWith("0 0\n")) << ended.err;
    EXPECT_TRUE(daemon.wait_for_state("api", "stopped"));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Upgrade, UnderItsAnchorIsFollowedByARestartWhenItIsKilled) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.run_through = {"/usr/bin/env"};
    daemon.launch();
    const WatchedProcess& api = daemon.noted("api");
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    const Json before = daemon.status();
    expect_upgraded();
    EXPECT_EQ(daemon.status()["pid"], before["pid"]);
    EXPECT_EQ(daemon.status()["anchor_pid"], before["anchor_pid"]);
    EXPECT_TRUE(api.running());
    daemon.forget_note("api");
    ::kill(before["pid"].get<pid_t>(), SIGKILL);  // our own supervisor, by the pid in its status
    EXPECT_TRUE(api.gone_within(std::chrono::seconds(20)));
    (void)daemon.noted("api");
    ASSERT_TRUE(wait_until([&] {
        const Json now = daemon.status();
        return now.is_object() && now["state"] == "running" && now["instance_id"] != before["instance_id"];
    }));
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

}  // namespace
}  // namespace reeve::test

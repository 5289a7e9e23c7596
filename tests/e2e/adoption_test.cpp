// Sessions that go on when their supervisor is killed, because they ask for it, and that the next one takes
// over when it can prove which they are.
#include "reeve/model/config_parse.hpp"
#include "reeve/model/fingerprint.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/process_table.hpp"
#include "support/dead_instance.hpp"
#include "support/docker.hpp"
#include "support/private_daemon.hpp"
#include "support/stranger.hpp"
#include "support/test_image.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <csignal>
#include <sstream>

namespace reeve::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Json adopted_later(Json session) {
    session["on_owner_death"] = "adopt";
    return session;
}

class Adoption : public testing::Test {
  protected:
    ~Adoption() override { daemon.stop_if_it_runs(); }

    Json sleeping(const std::string& name) const {
        return adopted_later(shell(daemon.note(name) + "exec sleep 1000"));
    }
    Json printing(const std::string& name, const std::string& pause) const {
        Json session = adopted_later(
            shell(daemon.note(name) + "i=0; while :; do i=$((i+1)); echo line $i; " + pause + "done"));
        session["log"] = {{"max_size", "4MiB"}, {"keep", 1000}};
        return session;
    }
    void start_under_its_anchor() {
        daemon.run_through = {"/usr/bin/env"};
        daemon.launch();
        ASSERT_TRUE(wait_until([&] {
            const Json now = daemon.status();
            return now.is_object() && now["state"] == "running" && !now["reaper"]["last_run"].is_null();
        }));
    }
    // The supervisor alone; its anchor starts the next one.
    void kill_below_the_anchor() {
        const Json before = daemon.status();
        ::kill(before["pid"].get<pid_t>(), SIGKILL);  // our own, by the pid in its status
        ASSERT_TRUE(wait_until([&] {
            const Json now = daemon.status();
            return now.is_object() && now["state"] == "running" &&
                   now["instance_id"] != before["instance_id"] && !now["reaper"]["last_run"].is_null();
        }));
    }
    void kill_and_start() {
        daemon.kill();
        daemon.start();
    }
    void expect_adopted(const std::string& name, const WatchedProcess& process) const {
        EXPECT_TRUE(process.running()) << name << " was ended";
        const Json now = daemon.session_status(name);
        EXPECT_EQ(now["state"], "running") << now;
        EXPECT_EQ(now["adopted"], true) << now;
        EXPECT_EQ(now["pid"], process.pid()) << now;
    }
    void expect_begun_anew(const std::string& name, const WatchedProcess& former) {
        EXPECT_TRUE(former.gone_within(std::chrono::seconds(20))) << name << " goes on";
        ASSERT_TRUE(daemon.wait_for_state(name, "running"));
        EXPECT_EQ(daemon.session_status(name)["adopted"], false);
        EXPECT_NE(daemon.session_status(name)["pid"], former.pid());
    }
    // Whether the log is the lines 1, 2, ... each once and in order; returns how many.
    int lines_of(const std::string& name) const {
        std::istringstream lines(daemon.reeve({"logs", "-n", "100000000", name}).out);
        int count = 0;
        for (std::string line; std::getline(lines, line);) {
            if (line != "line " + std::to_string(++count)) {
                ADD_FAILURE() << name << ": \"" << line << "\" in the place of line " << count;
                return count;
            }
        }
        return count;
    }
    void wait_for_more_of(const std::string& name) const {
        const auto last = [&] { return daemon.reeve({"logs", "-n", "1", name}).out; };
        const std::string before = last();
        EXPECT_TRUE(wait_until([&] { return last() != before; })) << name << " is silent";
    }
    static std::string fingerprint(const Json& session) {
        return fingerprint_of(parse_session(session.dump()).config);
    }

    PrivateDaemon daemon;
};

class AdoptionOn : public Adoption, public testing::WithParamInterface<const char*> {
  protected:
    AdoptionOn() {
        if (GetParam() != std::string("cgroup")) daemon.env["REEVE_CGROUP"] = "off";
    }
};
INSTANTIATE_TEST_SUITE_P(, AdoptionOn, testing::Values("cgroup", "session"),
                         [](const auto& ladder) { return std::string("With_") + ladder.param; });

TEST_P(AdoptionOn, BelowAnAnchorKeepsWhoAsksForItAndLosesNoLine) {
    daemon.session("slow") = printing("slow", "sleep 0.05; ");
    daemon.session("fast") = printing("fast", "");
    daemon.session("other") = shell(daemon.note("other") + "exec sleep 1000");
    start_under_its_anchor();
    const WatchedProcess& slow = daemon.noted("slow");
    const WatchedProcess& fast = daemon.noted("fast");
    const WatchedProcess& other = daemon.noted("other");
    ASSERT_TRUE(wait_until([&] { return !daemon.log_of("slow").empty() && !daemon.log_of("fast").empty(); }));
    kill_below_the_anchor();
    expect_adopted("slow", slow);
    expect_adopted("fast", fast);
    daemon.forget_note("other");
    expect_begun_anew("other", other);
    wait_for_more_of("slow");
    wait_for_more_of("fast");
    EXPECT_EQ(daemon.reeve({"stop", "slow", "fast"}).code, 0);
    EXPECT_GT(lines_of("slow"), 0);
    EXPECT_GT(lines_of("fast"), 0);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_P(AdoptionOn, AfterSupervisorAndAnchorWereKilledAtOnce) {
    daemon.session("api") = sleeping("api");
    daemon.session("other") = shell(daemon.note("other") + "exec sleep 1000");
    start_under_its_anchor();
    const WatchedProcess& api = daemon.noted("api");
    const WatchedProcess& other = daemon.noted("other");
    const auto supervisor = daemon.status()["pid"].get<pid_t>();
    daemon.signal(SIGSTOP);  // so that neither sees the other go
    ::kill(supervisor, SIGKILL);
    daemon.kill();
    start_under_its_anchor();
    ASSERT_TRUE(wait_until([&] { return daemon.status()["pid"] != supervisor; }));
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    expect_adopted("api", api);
    expect_begun_anew("other", other);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_P(AdoptionOn, LosesAndDoublesNoLineHoweverOftenTheSupervisorIsKilled) {
    daemon.session("fast") = printing("fast", "");
    daemon.start();
    const WatchedProcess& fast = daemon.noted("fast");
    for (int kills = 0; kills < 12; ++kills) {
        wait_for_more_of("fast");
        kill_and_start();
        expect_adopted("fast", fast);
    }
    EXPECT_EQ(daemon.reeve({"stop", "fast"}).code, 0);
    EXPECT_GT(lines_of("fast"), 1000);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_P(AdoptionOn, SaysWhatItAdoptedAndByWhatEvidence) {
    daemon.session("api") = sleeping("api");
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    const std::string first = daemon.status()["instance_id"];
    const Json started = daemon.session_status("api")["started_at"];
    kill_and_start();
    expect_adopted("api", api);
    EXPECT_EQ(daemon.session_status("api")["started_at"], started);
    EXPECT_EQ(daemon.session_status("api")["restarts"], 0);
    EXPECT_THAT(daemon.printed(), HasSubstr("session adopted"));
    const auto receipts = daemon.receipts();
    ASSERT_THAT(receipts, SizeIs(1));
    EXPECT_EQ(receipts[0]["action"], "adopted");
    EXPECT_EQ(receipts[0]["name"], std::to_string(api.pid()));
    EXPECT_EQ(receipts[0]["instance_id"], first);
    EXPECT_THAT(receipts[0]["evidence"].get<std::string>(), HasSubstr("start time and "));
    EXPECT_EQ(daemon.only_record()["sessions"]["api"]["launched_by"], first);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_P(AdoptionOn, IsDoneAgainAndAgainAndEndsTheWholeTreeWhenAsked) {
    daemon.session("api") =
        adopted_later(shell("setsid -f sh -c '" + daemon.note("child") + "exec sleep 1000'; " +
                            daemon.note("api") + "exec sleep 1000"));
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    const WatchedProcess& child = daemon.noted("child");
    const std::string first = daemon.status()["instance_id"];
    for (int kills = 0; kills < 3; ++kills) {
        kill_and_start();
        expect_adopted("api", api);
        EXPECT_TRUE(child.running());
        EXPECT_EQ(daemon.only_record()["sessions"]["api"]["launched_by"], first);
    }
    const Ended stopped = daemon.reeve({"stop", "api"});
    EXPECT_EQ(stopped.code, 0) << stopped.err;
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_TRUE(daemon.wait_for_state("api", "stopped"));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_P(AdoptionOn, ForAnOrderlyStopIsLikeAnySession) {
    daemon.session("api") = sleeping("api");
    daemon.start();
    (void)daemon.noted("api");
    kill_and_start();
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_THAT(daemon.records(), IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(daemon.store() / "output" / "api.fifo"));
    EXPECT_FALSE(std::filesystem::exists(daemon.store() / "adoptable"));
}

TEST_P(AdoptionOn, EndsInARestartByPolicyAndLeavesNoGroup) {
    daemon.session("api") = sleeping("api");
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    const std::string former = daemon.only_record().value("cgroup", "");
    kill_and_start();
    expect_adopted("api", api);
    daemon.forget_note("api");
    api.signal(SIGKILL);
    (void)daemon.noted("api");
    expect_begun_anew("api", api);
    EXPECT_EQ(daemon.session_status("api")["restarts"], 1);
    EXPECT_EQ(former.empty(), GetParam() != std::string("cgroup"));
    if (!former.empty()) {
        EXPECT_FALSE(std::filesystem::exists(cgroup_directory(former)));
    }
    EXPECT_FALSE(daemon.only_record()["sessions"]["api"].contains("launched_by"));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_P(AdoptionOn, GoesOnThroughAnUpgrade) {
    daemon.session("api") = printing("api", "");
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    kill_and_start();
    const Ended upgraded = daemon.reeve({"upgrade", REEVE_NEXT_BINARY});
    EXPECT_EQ(upgraded.code, 0) << upgraded.err;
    expect_adopted("api", api);
    wait_for_more_of("api");
    kill_and_start();
    expect_adopted("api", api);
    EXPECT_EQ(daemon.reeve({"stop", "api"}).code, 0);
    EXPECT_GT(lines_of("api"), 0);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_P(AdoptionOn, IsNotForWhatTheConfigurationDoesNotMeanAnyMore) {
    for (const char* name : {"command", "env", "reap", "removed"}) daemon.session(name) = sleeping(name);
    daemon.start();
    for (const char* name : {"command", "env", "reap", "removed"}) (void)daemon.noted(name);
    daemon.kill();
    daemon.session("command")["command"].push_back("more");
    daemon.session("env")["env"] = {{"MORE", "yes"}};
    daemon.session("reap").erase("on_owner_death");
    daemon.config["sessions"].erase("removed");
    std::vector<const WatchedProcess*> former;
    for (const char* name : {"command", "env", "reap"}) former.push_back(&daemon.noted(name));
    for (const char* name : {"command", "env", "reap"}) daemon.forget_note(name);
    daemon.start();
    expect_begun_anew("command", *former[0]);
    expect_begun_anew("env", *former[1]);
    expect_begun_anew("reap", *former[2]);
    EXPECT_FALSE(daemon.noted("removed").running());
    EXPECT_THAT(daemon.records(), SizeIs(1));
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

// How watched, restarted and logged is not what runs.
TEST_P(AdoptionOn, IsForASessionThatIsOnlyKeptInAnotherWay) {
    daemon.session("api") = sleeping("api");
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    daemon.kill();
    daemon.session("api")["restart"] = "always";
    daemon.session("api")["stop"] = {{"grace", "1s"}};
    daemon.start();
    expect_adopted("api", api);
    EXPECT_EQ(daemon.stop(), 0);
}

// As if it had been killed between writing its own record and taking the session out of the dead one's.
TEST_P(AdoptionOn, OfWhatTwoDeadRecordsNameHappensOnce) {
    daemon.session("api") = sleeping("api");
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    daemon.kill();
    Json copy = daemon.only_record();
    copy["sessions"]["api"]["launched_by"] = copy["instance_id"];
    copy["instance_id"] = new_uuid();
    copy.erase("cgroup");
    const auto path = daemon.store() / "instances" / (copy["instance_id"].get<std::string>() + ".json");
    write_text(path, copy.dump());
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    daemon.start();
    expect_adopted("api", api);
    EXPECT_THAT(daemon.records(), SizeIs(1));
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_P(AdoptionOn, WaitsForTheNextSupervisorWhenSomebodyReapsByHand) {
    daemon.session("api") = sleeping("api");
    daemon.session("other") = shell(daemon.note("other") + "exec sleep 1000");
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    const WatchedProcess& other = daemon.noted("other");
    daemon.kill();
    EXPECT_THAT(daemon.reeve({"reap", "--dry-run"}).out,
                HasSubstr("adoptable: the next supervisor takes it over"));
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_TRUE(api.running());
    EXPECT_FALSE(other.running());
    EXPECT_EQ(daemon.only_record()["sessions"].size(), 1U);
    daemon.start();
    expect_adopted("api", api);
    daemon.kill();
    EXPECT_EQ(daemon.reeve({"reap", "--all"}).code, 0);
    EXPECT_FALSE(api.running());
    EXPECT_THAT(daemon.records(), IsEmpty());
}

TEST_P(AdoptionOn, IsNotTheDefault) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    daemon.kill();
    daemon.forget_note("api");
    daemon.start();
    expect_begun_anew("api", api);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_P(AdoptionOn, KeepsWhatIsReadyAndHearsWhatItSaysNext) {
    const auto go = daemon.home() / "go";
    ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
    daemon.session("api") = adopted_later(
        shell(daemon.note("api") + "say() { printf '%s' \"$1\" | socat - UNIX-SENDTO:$NOTIFY_SOCKET; }; " +
              "say READY=1; read go <" + go.string() + "; say STATUS=late; exec sleep 1000"));
    daemon.session("api")["ready"] = {{"notify", true}, {"timeout", "1h"}};
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    ASSERT_TRUE(wait_until([&] { return daemon.session_status("api")["ready"] == true; }));
    kill_and_start();
    expect_adopted("api", api);
    EXPECT_EQ(daemon.session_status("api")["ready"], true);
    write_text(go, "\n");
    EXPECT_TRUE(wait_until([&] { return daemon.session_status("api")["message"] == "late"; }));
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

// After a crash loop nothing is taken over by itself either, and nothing of what waits is ended.
TEST_P(AdoptionOn, WaitsWhileTheSupervisorIsInSafeMode) {
    daemon.session("api") = sleeping("api");
    daemon.start();
    const WatchedProcess& api = daemon.noted("api");
    daemon.kill();
    const auto crashes = daemon.store() / "crashes";
    write_text(crashes, "1700000000\n1700000001\n1700000002\n1700000003\n1700000004\n");
    std::filesystem::permissions(crashes, std::filesystem::perms(0600));
    daemon.launch();
    ASSERT_TRUE(wait_until([&] {
        const Json now = daemon.status();
        return now.is_object() && now["state"] == "safe";
    }));
    EXPECT_EQ(daemon.session_status("api")["state"], "stopped");
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(api.running());
    std::filesystem::remove(crashes);
    daemon.start();
    expect_adopted("api", api);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

// What the file says counts only for the very process that it names.
TEST_P(AdoptionOn, OfWhatAnAnchorCannotProveDoesNotHappen) {
    daemon.session("api") = sleeping("api");
    daemon.session("other") = shell(daemon.note("other") + "exec sleep 1000");
    start_under_its_anchor();
    const WatchedProcess& api = daemon.noted("api");
    const WatchedProcess& other = daemon.noted("other");
    const auto start_time = daemon.only_record()["sessions"]["other"]["start_time"].get<std::uint64_t>();
    const auto file = daemon.store() / "adoptable";
    write_text(file, "nonsense\n" + std::string(10'000, '7') + "\n-1 5\n" + std::to_string(other.pid()) +
                         " " + std::to_string(start_time + 1) + "\n" + read_text(file));
    daemon.forget_note("other");
    kill_below_the_anchor();
    expect_adopted("api", api);
    for (const Json& receipt : daemon.receipts())
        EXPECT_EQ(receipt["action"], "adopted") << "the anchor has left it to the reaper: " << receipt;
    expect_begun_anew("other", other);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(daemon.nothing_runs());
}

TEST_F(Adoption, IsNeverOfAStranger) {
    const Json session = {{"command", {"sleep", "1000"}}, {"on_owner_death", "adopt"}};
    daemon.session("later") = session;
    daemon.session("unproved") = session;
    const Stranger later;     // has the number of a process of ours
    const Stranger unproved;  // and its start time, which is no proof alone
    InstanceRecord record = record_of(identity_of_a_dead_process());
    for (const auto& [name, pid] : {std::pair("later", later.pid()), std::pair("unproved", unproved.pid())}) {
        ProcessSessionRecord process = session_of(identity_of(pid));
        process.pidfs_inode = 0;
        if (name == std::string("later")) ++process.start_time;
        Succession& succession = process.succession.emplace();
        succession.adopt = true;
        succession.spec = fingerprint(session);
        record.sessions.emplace(SessionName{name}, process);
    }
    put_record(daemon.store(), record);
    daemon.start();
    for (const char* name : {"later", "unproved"}) {
        ASSERT_TRUE(daemon.wait_for_state(name, "running"));
        EXPECT_EQ(daemon.session_status(name)["adopted"], false);
    }
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_TRUE(later.running());
    EXPECT_TRUE(unproved.running());
}

TEST_F(Adoption, OfAContainerKeepsItAndTheSweepLeavesItAlone) {
    REEVE_NEEDS_ENGINE("docker");
    daemon.config["engine"] = {{"command", "docker"}};
    const Json db = {{"image", test_image},
                     {"options", {"--network", "none"}},
                     {"args", {"sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"}},
                     {"stop", {{"grace", "1s"}}}};
    daemon.session("db") = adopted_later(db);
    daemon.session("other") = db;
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "running"));
    ASSERT_TRUE(daemon.wait_for_state("other", "running"));
    const std::string kept = daemon.session_status("db")["container_id"];
    const std::string other = daemon.session_status("other")["container_id"];
    for (int kills = 0; kills < 2; ++kills) {
        daemon.kill();
        EXPECT_EQ(daemon.reeve({"reap"}).code, 0) << "by hand";
        // The end of a command clears what that command has left, and nothing of anybody else.
        const Ended run =
            daemon.reeve({"exec", "--", "docker", "run", "--rm", "--network", "none", test_image, "true"});
        EXPECT_EQ(run.code, 0) << run.err;
        daemon.start();
        EXPECT_EQ(daemon.reeve({"reap"}).code, 0) << "beside the supervisor";
        EXPECT_EQ(daemon.session_status("db")["container_id"], kept);
        EXPECT_EQ(daemon.session_status("db")["adopted"], true);
        EXPECT_EQ(docker({"container", "inspect", kept}).code, 0);
        EXPECT_NE(docker({"container", "inspect", other}).code, 0);
        ASSERT_TRUE(daemon.wait_for_state("other", "running"));
    }
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_NE(docker({"container", "inspect", kept}).code, 0);
    EXPECT_THAT(daemon.records(), IsEmpty());
}

}  // namespace
}  // namespace reeve::test

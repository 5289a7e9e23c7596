// reeve reap, and the reap at every start: what goes, what stays, and on what evidence.
#include "reeve/os/files.hpp"
#include "support/dead_instance.hpp"
#include "support/private_daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;

class Reap : public testing::Test {
  protected:
    Reap() { daemon.write_config(); }

    // The record of a dead owner with one session.
    std::filesystem::path put_dead(const ProcessIdentity& leader) {
        InstanceRecord record = record_of(identity_of_a_dead_process());
        record.sessions.emplace(SessionName{"api"}, session_of(leader));
        return put_record(daemon.store(), record);
    }
    // Both ways to reap, one after the other; the supervisor is stopped again.
    void reap_in_every_way() {
        (void)daemon.reeve({"reap"});
        daemon.start();
        EXPECT_EQ(daemon.stop(), 0);
    }
    // A supervisor's sessions, left behind.
    void leave_behind(int sessions) {
        for (int i = 0; i < sessions; ++i) {
            const std::string name = "s" + std::to_string(i);
            daemon.session(name) =
                shell("trap '' TERM; setsid sleep 1000 & " + daemon.note(name) + "exec sleep 1000");
        }
        daemon.start();
        for (int i = 0; i < sessions; ++i) (void)daemon.noted("s" + std::to_string(i));
        ASSERT_TRUE(wait_until([&] { return static_cast<int>(daemon.marks().size()) == 2 * sessions; }));
        daemon.kill();
        daemon.config["sessions"] = Json::object();
        daemon.write_config();
    }

    PrivateDaemon daemon;
};

TEST_F(Reap, ThatTakesLongTellsOnceHowFarItIs) {
    daemon.env["REEVE_CGROUP"] = "off";
    daemon.env["REEVE_SUBREAPER"] = "off";
    daemon.config["reap_grace"] = "4s";
    leave_behind(2);
    const Ended ended = daemon.reeve({"reap"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, MatchesRegex("reeve: reaping: 0 of 4 processes gone; killed in [1-4] s\n"));
}

TEST_F(Reap, OnATerminalDrawsItsProgressInPlaceAndTakesItAway) {
    daemon.env["REEVE_CGROUP"] = "off";
    daemon.env["REEVE_SUBREAPER"] = "off";
    daemon.config["reap_grace"] = "4s";
    leave_behind(1);
    Program terminal;
    terminal.argv = {"/usr/bin/script", "-qec",
                     std::string(REEVE_BINARY) + " --store " + daemon.store().string() + " reap",
                     "/dev/null"};
    terminal.env = {{"PATH", "/usr/bin:/bin"},
                    {"HOME", daemon.home().string()},
                    {"REEVE_CONFIG", (daemon.home() / "config.json").string()}};
    const Ended ended = run_program(terminal);
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("\r\033[Kreeve: reaping: 0 of 2 processes gone; killed in "));
    EXPECT_THAT(ended.out, HasSubstr("\r\033[Kreaped 1 instance(s)"));
}

TEST_F(Reap, WorksWithoutASupervisor) {
    leave_behind(2);
    const Ended ended = daemon.reeve({"reap", "--json"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    const Json report = Json::parse(ended.out);
    EXPECT_EQ(report["instances"], 1);
    EXPECT_EQ(report["processes_killed"], 4);
    EXPECT_EQ(report["failed"], 0);
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_THAT(daemon.records(), IsEmpty());
    EXPECT_EQ(Json::parse(daemon.reeve({"reap", "--json"}).out)["instances"], 0);
}

TEST_F(Reap, DryRunNamesEverythingAndChangesNothing) {
    leave_behind(2);
    const std::string record = read_text(daemon.records().at(0));
    const Ended table = daemon.reeve({"reap", "--dry-run"});
    EXPECT_EQ(table.code, 0) << table.err;
    std::set<std::string> named;
    for (const Json& item : Json::parse(daemon.reeve({"reap", "--dry-run", "--json"}).out)) {
        EXPECT_EQ(item["will_go"], true);
        named.insert(item["what"].get<std::string>() + " " + item["name"].get<std::string>());
    }
    for (const auto& mark : daemon.marks()) {
        EXPECT_TRUE(named.contains("process " + std::to_string(mark.pid) + " (sleep)")) << mark.pid;
        EXPECT_THAT(table.out, HasSubstr(std::to_string(mark.pid)));
    }
    EXPECT_EQ(named.size(), 5U) << "four processes and the record";

    EXPECT_EQ(daemon.marks().size(), 4U);
    EXPECT_EQ(read_text(daemon.records().at(0)), record);
    EXPECT_THAT(daemon.receipts(), IsEmpty());
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
}

TEST_F(Reap, SaysWhenThereIsNothingToDo) {
    daemon.start();
    EXPECT_EQ(daemon.reeve({"reap", "--dry-run"}).out, "nothing to reap\n");
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(PrivateDaemon().reeve({"reap"}).code, 1) << "there is no store";
}

TEST_F(Reap, LeavesALivingSupervisorAndItsSessionsAlone) {
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const auto& api = daemon.noted("api");
    EXPECT_EQ(Json::parse(daemon.reeve({"reap", "--json"}).out)["instances"], 0);
    EXPECT_TRUE(api.running());
    EXPECT_EQ(daemon.records().size(), 1U);
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Reap, ByASecondCommandIsSeenByTheSupervisor) {
    daemon.start();
    const auto path = put_dead(identity_of_a_dead_process());
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(daemon.stop(), 0);
}

// Whoever has claimed a record may fail, or be killed: that it was busy once does not settle it.
TEST_F(Reap, IsTriedAgainBySupervisorsWhenAnotherReaperHadTheRecord) {
    const auto path = put_dead(identity_of_a_dead_process());
    {
        const auto claimed = LockedFile::try_lock(path, LockedFile::Missing::leave);
        ASSERT_TRUE(claimed.ok() && claimed->has_value());
        daemon.start();
        ASSERT_TRUE(wait_until([&] { return daemon.status()["reaper"]["pending"].size() == 1; }));
        EXPECT_THAT(daemon.status()["reaper"]["pending"][0]["why"].get<std::string>(),
                    HasSubstr("another reaper"));
        EXPECT_TRUE(std::filesystem::exists(path));
    }
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(path); }));
    EXPECT_TRUE(wait_until([&] { return daemon.status()["reaper"]["pending"].empty(); }));
    EXPECT_EQ(daemon.stop(), 0);
}

// Of all reapers at once one claims: nobody is signalled twice.
TEST_F(Reap, ByFourAtOnceSignalsEveryProcessOnce) {
    leave_behind(4);
    std::vector<std::future<Ended>> reapers;
    for (int i = 0; i < 4; ++i) {
        reapers.push_back(std::async(std::launch::async, [&] { return daemon.reeve({"reap", "--json"}); }));
    }
    int instances = 0;
    for (auto& reaper : reapers) {
        const Ended ended = reaper.get();
        EXPECT_EQ(ended.code, 0) << ended.err;
        instances += Json::parse(ended.out)["instances"].get<int>();
    }
    EXPECT_EQ(instances, 1) << "one of the four had it";
    EXPECT_TRUE(daemon.nothing_runs());
    EXPECT_THAT(daemon.records(), IsEmpty());
    std::multiset<std::string> signals;
    for (const Json& line : daemon.receipts()) {
        signals.insert(line["name"].get<std::string>() + " " + line["action"].get<std::string>());
    }
    EXPECT_EQ(std::set<std::string>(signals.begin(), signals.end()).size(), signals.size());
    EXPECT_GE(signals.size(), 8U);
}

// --- no innocent ---

class Innocent : public Reap, public testing::WithParamInterface<const char*> {
  protected:
    // A record's idea of the stranger, wrong in one witness.
    static ProcessIdentity recycled(ProcessIdentity identity) {
        const std::string wrong = GetParam();
        if (wrong == "StartTime") ++identity.start_time;
        if (wrong == "Inode") ++identity.pidfs_inode;
        if (wrong == "NoWitness") identity.start_time = identity.pidfs_inode = 0;
        // One tick is 10 ms: a start time alone, without inode and without the mark, is no proof.
        if (wrong == "StartTimeAlone") identity.pidfs_inode = 0;
        return identity;
    }
};

TEST_P(Innocent, WhoHasASessionsPidIsNotTouchedAndTheRecordGoes) {
    const Stranger innocent;
    const auto path = put_dead(recycled(identity_of(innocent.pid())));
    reap_in_every_way();
    EXPECT_TRUE(innocent.running());
    EXPECT_FALSE(std::filesystem::exists(path));
    for (const Json& line : daemon.receipts()) EXPECT_NE(line["name"], std::to_string(innocent.pid()));
}

TEST_P(Innocent, WhoHasASessionsPidIsNotTouchedForAnotherInstancesMark) {
    const Stranger innocent(
        {"REEVE_STORE=" + daemon.store().string(), "REEVE_INSTANCE=" + new_uuid(), "REEVE_SESSION=api"});
    const auto path = put_dead(recycled(identity_of(innocent.pid())));
    reap_in_every_way();
    EXPECT_TRUE(innocent.running());
    EXPECT_FALSE(std::filesystem::exists(path));
}

INSTANTIATE_TEST_SUITE_P(WithWrong, Innocent,
                         testing::Values("StartTime", "Inode", "NoWitness", "StartTimeAlone"),
                         [](const auto& wrong) { return std::string(wrong.param); });

// The owner's pid has been given to somebody else: that life keeps nothing of the dead one alive.
TEST_F(Reap, AnInstanceWhoseOwnersPidIsSomebodyElsesNowIsDead) {
    const Stranger innocent;
    ProcessIdentity owner = identity_of(innocent.pid());
    ++owner.start_time;
    ++owner.pidfs_inode;
    const auto path = put_record(daemon.store(), record_of(owner));
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_TRUE(innocent.running());
}

TEST_F(Reap, AnInstanceWhoseOwnerIsAZombieIsDead) {
    const Stranger owner;
    const auto path = put_record(daemon.store(), record_of(identity_of(owner.pid())));
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_TRUE(std::filesystem::exists(path)) << "its owner lives";
    ::kill(owner.pid(), SIGKILL);  // and is not waited for
    ASSERT_TRUE(wait_until([&] { return !owner.running(); }));
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Reap, AnInstanceOfAnEarlierBootIsDeadAndItsPidsMeanNothing) {
    const Stranger innocent;
    InstanceRecord record = record_of(identity_of(innocent.pid()));
    record.owner.boot_id = new_uuid();
    record.sessions.emplace(SessionName{"api"}, session_of(identity_of(innocent.pid())));
    if (record.owner.machine_id.empty()) GTEST_SKIP() << "this machine has no id";
    const auto path = put_record(daemon.store(), record);
    reap_in_every_way();
    EXPECT_TRUE(innocent.running());
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Reap, LeavesInstancesOfOtherMachinesAndNamespacesAloneAndShowsThem) {
    InstanceRecord elsewhere = record_of(identity_of_a_dead_process());
    elsewhere.owner.boot_id = new_uuid();
    elsewhere.owner.machine_id = "fedcba9876543210fedcba9876543210";
    const auto other_machine = put_record(daemon.store(), elsewhere);
    InstanceRecord inside = record_of(identity_of_a_dead_process());
    inside.owner.pid_ns += 1;
    const auto other_namespace = put_record(daemon.store(), inside);
    daemon.start();
    EXPECT_TRUE(wait_until([&] { return daemon.status()["instances"]["foreign"] == 2; }));
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_TRUE(std::filesystem::exists(other_machine));
    EXPECT_TRUE(std::filesystem::exists(other_namespace));
    std::set<std::string> states;
    for (const Json& instance : Json::parse(daemon.reeve({"ps", "--json"}).out))
        states.insert(instance["state"]);
    EXPECT_EQ(states, std::set<std::string>{"foreign"});
}

// --- what cannot be read ---

TEST_F(Reap, PutsAsideWhatCannotBeReadAndGoesOnWithTheRest) {
    const auto good = put_dead(identity_of_a_dead_process());
    const std::vector<std::string> rubbish{
        "", "{", "[]", "{\"pid\": 1}", std::string(100'000, '['), std::string("\xff\xfe\0", 3)};
    for (const auto& text : rubbish) write_text(daemon.store() / "instances" / (new_uuid() + ".json"), text);
    // Pids that mean everybody, and one that no kernel gives away.
    for (const char* pid : {"0", "-1", "1", "4294967298", "1e30", "\"7\"", "true"}) {
        InstanceRecord record = record_of(identity_of_a_dead_process());
        record.sessions.emplace(SessionName{"api"}, session_of(identity_of_a_dead_process()));
        Json json = Json::parse(to_json(record));
        json["sessions"]["api"]["pid"] = Json::parse(pid);
        write_text(daemon.store() / "instances" / (record.instance_id.value + ".json"), json.dump());
    }
    daemon.start();
    EXPECT_FALSE(std::filesystem::exists(good));
    EXPECT_EQ(daemon.records().size(), 1U) << "the supervisor's own";
    EXPECT_EQ(names_in(daemon.store() / "instances/quarantine").size(), 13U);
    EXPECT_TRUE(wait_until([&] { return daemon.status()["instances"]["quarantined"] == 13; }));
    EXPECT_THAT(daemon.status()["attention"].dump(), HasSubstr("quarantine"));
    EXPECT_EQ(daemon.stop(), 0);
    daemon.start();
    EXPECT_EQ(names_in(daemon.store() / "instances/quarantine").size(), 13U)
        << "kept until a person has looked";
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(Reap, ClearsWhatAnInterruptedWriteLeft) {
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    for (const auto& directory : {daemon.store(), daemon.store() / "instances"}) {
        write_text(directory / ".tmp-1-0a1b2c3d", "half a rec");
    }
    daemon.start();
    for (const auto& directory : {daemon.store(), daemon.store() / "instances"}) {
        EXPECT_FALSE(std::filesystem::exists(directory / ".tmp-1-0a1b2c3d")) << directory;
    }
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace reeve::test

// Engines that are not there, fail, hang or lie: nothing is forgotten, and nothing else is held up.
#include "reeve/store/instance_registry.hpp"
#include "support/dead_instance.hpp"
#include "support/private_daemon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>
#include <future>
#include <ostream>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string container_id(64, 'a');

// The engine is a shell script that a test writes anew while the supervisor runs.
class FaultyEngine : public testing::Test {
  protected:
    FaultyEngine() {
        std::filesystem::create_directory(daemon.home() / "bin");
        daemon.config["engine"] = {{"command", engine().string()}, {"timeout", "500ms"}};
    }
    ~FaultyEngine() override { daemon.stop_if_it_runs(); }

    std::filesystem::path engine() const { return daemon.home() / "bin/docker"; }
    // The branches of a shell case over "$1 $2"; what none names succeeds in silence.
    void write_engine(const std::string& cases) const {
        const auto fresh = daemon.home() / "bin/fresh";
        write_text(fresh,
                   "#!/bin/sh\necho \"$*\" >>" + (daemon.home() / "calls").string() +
                       "\ncase \"$1 $2\" in\n" + cases +
                       "\n'info --format') echo '{\"ID\": \"FAKE\", \"ServerVersion\": \"1.0\"}' ;;\nesac\n");
        std::filesystem::permissions(fresh, std::filesystem::perms(0700));
        std::filesystem::rename(fresh, engine());
    }
    // One that has the container, until it is told to remove it.
    std::string having_the_container() const {
        const std::string gone = (daemon.home() / "gone").string();
        return "'container ls') [ -e " + gone + " ] || echo " + container_id + " ;;\n" +
               "'container inspect') [ -e " + gone + " ] && { echo '[]'; exit 1; }; echo '[{\"Id\": \"" +
               container_id + R"(", "Name": "/left", "Config": {"Labels": {"reeve.store": ")" + store_id() +
               R"(", "reeve.instance": ")" + instance_ + R"(", "reeve.session": "db"}}, )" +
               "\"State\": {\"Running\": false}}]' ;;\n" + "'container rm') : >" + gone + " ;;\n";
    }
    std::string store_id() const { return Store::open_or_create(daemon.store()).value().id().value; }

    // The record of a dead instance with a container.
    std::filesystem::path put_dead(bool adoptable = false) {
        InstanceRecord record = record_of(identity_of_a_dead_process());
        instance_ = record.instance_id.value;
        ContainerSessionRecord db;
        db.engine = "docker";
        db.container = "left";
        db.container_id.value = container_id;
        db.succession.emplace().adopt = adoptable;
        record.sessions.emplace(SessionName{"db"}, db);
        return put_record(daemon.store(), record);
    }
    Json pending() const { return daemon.status()["reaper"]["pending"]; }
    void expect_pending(const std::filesystem::path& record, const std::string& why) {
        ASSERT_TRUE(wait_until([&] { return pending().size() == 1; })) << daemon.status();
        const Json item = pending()[0];
        EXPECT_EQ(item["instance_id"], instance_);
        EXPECT_EQ(item["what"], "container");
        EXPECT_THAT(item["why"].get<std::string>(), HasSubstr(why));
        EXPECT_GE(item["attempts"], 1);
        EXPECT_NE(item["next_try_at"], "");
        EXPECT_TRUE(std::filesystem::exists(record));
        EXPECT_THAT(daemon.status()["attention"].dump(), HasSubstr("not reaped yet"));
        EXPECT_EQ(daemon.status()["reaper"]["totals"]["containers_removed"], 0);
    }

    PrivateDaemon daemon;
    std::string instance_;
};

struct Fault {
    const char* name;
    const char* engine;  // its cases; nothing when there is no engine at all
    const char* why;
};

// For whoever lists the tests: bytes would be another name at every run.
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class EngineThat : public FaultyEngine, public testing::WithParamInterface<Fault> {};

TEST_P(EngineThat, LeavesItsContainersPendingUntilItCanBeSeenToBeGone) {
    const auto record = put_dead();
    if (GetParam().engine != nullptr) write_engine(GetParam().engine);
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    EXPECT_TRUE(daemon.noted("api").running()) << "processes do not wait for engines";
    expect_pending(record, GetParam().why);
    ASSERT_TRUE(wait_until([&] { return pending().size() == 1 && pending()[0]["attempts"] >= 2; }));
    EXPECT_TRUE(std::filesystem::exists(record));

    write_engine(having_the_container());
    ASSERT_TRUE(wait_until([&] { return pending().empty(); })) << daemon.status();
    EXPECT_FALSE(std::filesystem::exists(record));
    EXPECT_TRUE(std::filesystem::exists(daemon.home() / "gone")) << "it was removed, not merely forgotten";
    EXPECT_EQ(daemon.status()["reaper"]["totals"]["containers_removed"], 1);
    EXPECT_TRUE(daemon.status()["attention"].empty()) << daemon.status()["attention"];
}

INSTANTIATE_TEST_SUITE_P(
    , EngineThat,
    testing::Values(Fault{"IsMissing", nullptr, "install docker"},
                    Fault{"Fails", "*) echo 'Cannot connect' >&2; exit 1 ;;", "Cannot connect"},
                    Fault{"Hangs", "*) exec sleep 1000 ;;", "hangs"},
                    Fault{"TalksNonsense", "'container ls') echo '<html>' ;;\n", "container"},
                    Fault{"DiesInTheMiddle", "'container ls') kill -9 $$ ;;\n", ""}),
    [](const auto& fault) { return std::string(fault.param.name); });

// It says that it has removed the container, and goes on listing it.
TEST_F(FaultyEngine, ThatLiesIsNotBelieved) {
    const auto record = put_dead();
    std::string liar = having_the_container();
    liar.replace(liar.find("'container rm')"), std::string::npos, "'container rm') echo removed ;;\n");
    write_engine(liar);
    daemon.start();
    expect_pending(record, "it is there");
    EXPECT_TRUE(stays([&] { return std::filesystem::exists(record); }, 1500ms));
    write_engine(having_the_container());
    ASSERT_TRUE(wait_until([&] { return pending().empty(); }));
    EXPECT_FALSE(std::filesystem::exists(record));
}

// Nor is anything of the call to it left when its supervisor is killed.
TEST_F(FaultyEngine, ThatHangsHoldsUpNoAdoption) {
    daemon.config["engine"]["timeout"] = "5m";
    write_engine("*) exec sleep 1000 ;;");
    (void)put_dead();
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.session("api")["on_owner_death"] = "adopt";
    daemon.launch();
    ASSERT_TRUE(daemon.wait_for_state("api", "running"));
    const auto called = [this] { return std::filesystem::exists(daemon.home() / "calls"); };
    ASSERT_TRUE(wait_until(called));
    daemon.kill();
    std::filesystem::remove(daemon.home() / "calls");
    daemon.launch();
    ASSERT_TRUE(wait_until([&] {
        const Json api = daemon.session_status("api");
        return api.is_object() && api["adopted"] == true && api["state"] == "running";
    })) << daemon.printed();
    EXPECT_TRUE(daemon.noted("api").running());
    EXPECT_TRUE(wait_until(called)) << "it is asked again";
}

TEST_F(FaultyEngine, ThatHangsHoldsUpNoStartForTheSakeOfAContainerToBeAdopted) {
    daemon.config["engine"]["timeout"] = "5m";
    write_engine("*) exec sleep 1000 ;;");
    (void)put_dead(true);
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.launch();
    EXPECT_TRUE(daemon.noted("api").running());
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(FaultyEngine, ReapCommandFailsAndKeepsTheRecord) {
    const auto record = put_dead();
    write_engine("*) echo 'Cannot connect' >&2; exit 1 ;;");
    daemon.write_config();
    const Ended ended = daemon.reeve({"reap"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr("Cannot connect"));
    EXPECT_TRUE(std::filesystem::exists(record));
    const Ended dry = daemon.reeve({"reap", "--dry-run"});
    EXPECT_EQ(dry.code, 0);
    EXPECT_THAT(dry.out, HasSubstr("stays"));
    write_engine(having_the_container());
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_FALSE(std::filesystem::exists(record));
}

// The engine that made the containers is not the one that answers: its not listing them says nothing.
TEST_F(FaultyEngine, AnotherEngineAtTheSamePlaceSettlesNothing) {
    const auto record = put_dead();
    Json json = Json::parse(read_text(record));
    json["sessions"]["db"]["engine_id"] = "THE:OTHER:ONE";
    write_text(record, json.dump());
    write_engine("");
    daemon.start();
    expect_pending(record, "another engine");
}

TEST_F(FaultyEngine, WhatItsLabelsDoNotClaimStays) {
    const auto record = put_dead();
    std::string engine = having_the_container();
    const std::string ours = store_id();
    engine.replace(engine.find(ours), ours.size(),
                   "11111111-2222-4333-8444-555555555555");  // by inspection only
    write_engine(engine);
    daemon.start();
    EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(record); }));
    EXPECT_FALSE(std::filesystem::exists(daemon.home() / "gone")) << "another store's container was removed";
}

// Each call is within its own limit, and all of them together are not: a stop has one limit for the whole.
TEST_F(FaultyEngine, ThatIsSlowInEachCallHoldsUpAStopOnlyOnce) {
    const std::string running = "'container inspect') echo '[{\"Id\": \"" + container_id +
                                R"(", "Name": "/x", "Config": {"Labels": {"reeve.store": ")" + store_id() +
                                R"(", "reeve.instance": "'$INSTANCE'", "reeve.session": "db"}}, )" +
                                "\"State\": {\"Running\": true}}]' ;;\n";
    const std::string instance =
        "*) INSTANCE=$(basename $(ls " + (daemon.store() / "instances").string() + "/*.json) .json);; esac\n";
    const std::string name = "NAME=reeve-db-$(echo $INSTANCE | cut -c1-8)\ncase \"$1 $2\" in\n";
    std::string named = running;
    named.replace(named.find("/x"), 2, "/'$NAME'");
    const std::string engine =
        named + "create*) echo " + container_id + " ;;\n'events --since') exec sleep 1000 ;;\n";
    daemon.config["engine"]["timeout"] = "3s";
    write_engine(instance + name + engine);
    daemon.session("db") = {{"image", "any"}, {"stop", {{"grace", "0ms"}}}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "running")) << daemon.session_status("db") << daemon.printed();
    write_engine(instance + name + "*) sleep 1;; esac; case \"$1 $2\" in\n" + engine);
    const Ended stopped = daemon.reeve({"stop", "db"});
    EXPECT_EQ(stopped.code, 1);
    EXPECT_THAT(stopped.err, HasSubstr("did not finish within 3s"));
    EXPECT_EQ(daemon.only_record()["sessions"]["db"]["kind"], "container") << "it was forgotten";
}

// A session's own container in each of its states, in an engine that is up; its stream of events is a process
// that the test can end.
class EngineOfASession : public FaultyEngine {
  protected:
    void write_engine_with(const std::string& inspected, const std::string& id = "FAKE") const {
        const std::string gone = (daemon.home() / "gone").string();
        write_engine("*) INSTANCE=$(basename $(ls " + (daemon.store() / "instances").string() +
                     "/*.json) .json)\nNAME=reeve-db-$(echo $INSTANCE | cut -c1-8);; esac\n"
                     "case \"$1 $2\" in\ncreate*) echo " +
                     container_id + " ;;\n'events --since') echo $$ >" + (daemon.home() / "events").string() +
                     "; exec sleep 1000 ;;\n'container rm') : >" + gone + " ;;\n'container inspect') [ -e " +
                     gone + " ] && { echo '[]'; exit 1; }; " + inspected +
                     " ;;\n'info --format') echo '{\"ID\": \"" + id +
                     "\", \"ServerVersion\": \"1.0\"}' ;;\n");
    }
    std::string described(const std::string& state) const {
        return "echo '[{\"Id\": \"" + container_id +
               R"(", "Name": "/'$NAME'", "Config": {"Labels": {"reeve.store": ")" + store_id() +
               R"(", "reeve.instance": "'$INSTANCE'", "reeve.session": "db"}}, "State": {)" + state + "}}]'";
    }
    void start_with_db() {
        daemon.config["engine"]["timeout"] = "3s";
        write_engine_with(described(R"("Running": true)"));
        daemon.session("db") = {{"image", "any"}, {"restart", "never"}, {"stop", {{"grace", "0ms"}}}};
        daemon.start();
        ASSERT_TRUE(daemon.wait_for_state("db", "running"))
            << daemon.session_status("db") << daemon.printed();
    }
};

// The engine takes the container along when it goes down, and tells nobody afterwards.
TEST_F(EngineOfASession, IsAskedWhatEndedMeanwhileWhenItIsBack) {
    start_with_db();
    const auto events = daemon.home() / "events";
    ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(events) && !read_text(events).empty(); }));
    const WatchedProcess& stream = daemon.watch(static_cast<pid_t>(std::stoi(read_text(events))));
    write_engine("*) echo 'Cannot connect' >&2; exit 1 ;;");
    stream.signal(SIGKILL);
    ASSERT_TRUE(wait_until([&] { return daemon.status()["engines"].begin().value()["reachable"] == false; }));
    write_engine_with(described(R"("Running": false, "ExitCode": 0)"));
    EXPECT_TRUE(daemon.wait_for_state("db", "exited")) << daemon.session_status("db");
}

TEST_F(EngineOfASession, ThatIsAnotherOneIsNotBelievedThatItsContainerIsGone) {
    start_with_db();
    write_engine_with("{ echo '[]'; exit 1; }", "ANOTHER");
    const Ended stopped = daemon.reeve({"stop", "db"});
    EXPECT_EQ(stopped.code, 1);
    EXPECT_THAT(stopped.err, HasSubstr("another engine answers"));
    EXPECT_TRUE(daemon.only_record()["sessions"].contains("db")) << "it was forgotten";
    write_engine_with(described(R"("Running": true)"));
    EXPECT_EQ(daemon.reeve({"stop", "db"}).code, 0);
    EXPECT_TRUE(std::filesystem::exists(daemon.home() / "gone"));
}

// A reap is given up at once; what a session asked the engine has the engine's timeout.
TEST_F(FaultyEngine, HangingHoldsUpNoStopForLongerThanItsTimeout) {
    (void)put_dead();
    daemon.config["engine"]["timeout"] = "2s";
    write_engine("*) echo $$ >>" + (daemon.home() / "hanging").string() + "; exec sleep 1000 ;;");
    daemon.session("db") = {{"image", "any"}};
    daemon.launch();
    ASSERT_TRUE(
        wait_until([&] { return daemon.status().is_object() && daemon.status()["state"] == "running"; }));
    ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(daemon.home() / "hanging"); }));
    std::vector<const WatchedProcess*> calls;
    std::ifstream pids(daemon.home() / "hanging");
    for (pid_t pid = 0; pids >> pid;) {
        calls.push_back(&daemon.watch(pid));
    }
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait_exit(10s), 0);
    for (const auto* call : calls)
        EXPECT_TRUE(call->gone_within(5s)) << "a call to the engine was left behind";
    EXPECT_EQ(daemon.records().size(), 1U) << "what could not be reaped is still on record";
}

TEST_F(FaultyEngine, DelaysOnlyTheSessionsThatNeedIt) {
    daemon.session("db") = {{"image", "any"}};
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    EXPECT_TRUE(daemon.noted("api").running());
    ASSERT_TRUE(wait_until([&] {
        const Json db = daemon.session_status("db");
        return db["state"] == "waiting" && db["attention"].is_string();
    }));
    EXPECT_THAT(daemon.session_status("db")["attention"].get<std::string>(), HasSubstr("docker"));
    EXPECT_EQ(daemon.session_status("db")["restarts"], 0);
    EXPECT_EQ(daemon.status()["engines"]["docker"]["reachable"], false);
    write_engine("'container inspect') echo '[]'; exit 1 ;;\n");
    EXPECT_TRUE(wait_until([&] { return daemon.status()["engines"]["docker"]["reachable"] == true; }));
    EXPECT_EQ(daemon.reeve({"stop", "db"}, 20s).code, 0);
}

TEST_F(FaultyEngine, ThatTakesLongToCreateIsNamedByTheStart) {
    daemon.config["engine"]["timeout"] = "20s";
    daemon.session("db") = {{"image", "any"}, {"autostart", false}};
    daemon.session("app") = shell("exec sleep 1000");
    daemon.session("app")["autostart"] = false;
    daemon.session("app")["after"] = {"db"};
    const auto let_go = daemon.home() / "let-go";
    write_engine("'create --name') while ! [ -e " + let_go.string() +
                 " ]; do sleep 0.1; done; echo no such image >&2; exit 1 ;;\n'container inspect') echo '[]'; "
                 "exit 1 ;;\n");
    daemon.start();
    auto db = std::async(std::launch::async, [&] { return daemon.reeve({"start", "db"}); });
    ASSERT_TRUE(daemon.wait_for_state("db", "starting"));
    auto app = std::async(std::launch::async, [&] { return daemon.reeve({"start", "app"}); });
    ASSERT_TRUE(daemon.wait_for_state("app", "waiting"));
    // Until both must have asked: they do after one second, and the calls are cheap.
    EXPECT_TRUE(stays([&] { return daemon.session_status("app")["state"] == "waiting"; }, 4s));
    EXPECT_EQ(daemon.reeve({"stop", "app"}).code, 0);
    write_text(let_go, "");
    EXPECT_THAT(db.get().err, HasSubstr("reeve: starting \"db\": waiting for the engine (create)\n"));
    EXPECT_THAT(app.get().err, HasSubstr("reeve: starting \"app\": waiting for session \"db\"\n"));
    EXPECT_EQ(daemon.reeve({"stop", "db"}).code, 0);
}

// A session that could not be ended says so, is tried again by itself, and no second copy is started beside
// it.
TEST_F(FaultyEngine, ThatDoesNotRemoveASessionsContainerIsAskedAgainUntilItIsGone) {
    daemon.session("db") = {{"image", "any"}, {"autostart", false}};
    daemon.start();
    instance_ = daemon.only_record()["instance_id"];
    const auto file = [this](const char* name) { return (daemon.home() / name).string(); };
    write_engine("'create --name') : >" + file("made") + "; echo " + container_id + " ;;\n" +
                 "'container inspect') [ -e " + file("made") + " ] && [ ! -e " + file("gone") +
                 " ] || { echo '[]'; exit 1; }; running=true; [ ! -e " + file("stopped") +
                 " ] || running=false; echo '[{\"Id\": \"" + container_id + R"(", "Name": "/reeve-db-)" +
                 instance_.substr(0, 8) + R"(", "Config": {"Labels": {"reeve.store": ")" + store_id() +
                 R"(", "reeve.instance": ")" + instance_ +
                 R"(", "reeve.session": "db"}}, "State": {"Running": '$running'}}]' ;;)" +
                 "\nstop*|'container stop') : >" + file("stopped") + " ;;\n'container rm') [ ! -e " +
                 file("may_go") + " ] || : >" + file("gone") + " ;;\n");
    const Ended started = daemon.reeve({"start", "db"});
    ASSERT_EQ(started.code, 0) << started.err;
    const Ended stopped = daemon.reeve({"stop", "db"});
    EXPECT_EQ(stopped.code, 1);
    EXPECT_THAT(stopped.err, HasSubstr("still there: container reeve-db-"));
    EXPECT_THAT(stopped.err, HasSubstr("trying again in"));
    ASSERT_TRUE(daemon.wait_for_state("db", "stopping"));
    EXPECT_TRUE(wait_until(
        [&] { return daemon.status()["attention"].dump().find("still there") != std::string::npos; }));
    EXPECT_TRUE(daemon.only_record()["sessions"].contains("db"));

    write_text(daemon.home() / "may_go", "");
    ASSERT_TRUE(daemon.wait_for_state("db", "stopped"));
    EXPECT_TRUE(std::filesystem::exists(daemon.home() / "gone"));
    EXPECT_TRUE(daemon.session_status("db")["attention"].is_null());
    EXPECT_TRUE(wait_until([&] { return !daemon.only_record()["sessions"].contains("db"); }));
}

// One reap waits for the engine of one instance; the processes of another do not wait with it.
TEST_F(FaultyEngine, HangingHoldsUpNoReapOfProcesses) {
    const auto record = put_dead();
    daemon.config["engine"]["timeout"] = "10m";
    write_engine("*) exec sleep 1000 ;;");
    daemon.launch();
    ASSERT_TRUE(
        wait_until([&] { return daemon.status().is_object() && daemon.status()["state"] == "running"; }));
    const Ended killed = daemon.reeve(
        {"exec", "--", "sh", "-c", daemon.note("command") + "kill -9 $PPID; exec sleep 1000"}, 20s);
    EXPECT_EQ(killed.code, 137);
    EXPECT_TRUE(daemon.noted("command").gone_within(20s));
    EXPECT_TRUE(wait_until([&] { return daemon.records().size() == 2; })) << "its own, and the pending one";
    EXPECT_TRUE(std::filesystem::exists(record));
    EXPECT_TRUE(wait_until([&] { return daemon.status()["reaper"]["totals"]["processes_killed"] == 1; }));
}

// A client that waits for events costs memory: who has no containers has none.
TEST_F(FaultyEngine, IsListenedToOnceARecordNamesItAndNotBefore) {
    write_engine("'events --since') exec sleep 1000 ;;\n");
    const auto listens = [&] {
        return read_text(daemon.home() / "calls").find("events --since") != std::string::npos;
    };
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    (void)daemon.noted("api");
    EXPECT_EQ(daemon.reeve({"exec", "--", "true"}).code, 0);
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_TRUE(stays([&] { return !listens(); }, 700ms));

    const InstanceRegistry registry(StorePaths{daemon.store()});
    InstanceRecord living = record_of(identity_of(::getpid()));
    EXPECT_TRUE(registry.save(living).ok());
    EXPECT_TRUE(stays([&] { return !listens(); }, 700ms));
    ContainerSessionRecord db;  // tracked later, as `reeve instance track` does
    db.engine = "docker";
    living.sessions.emplace(SessionName{"db"}, db);
    EXPECT_TRUE(registry.save(living).ok());
    EXPECT_TRUE(wait_until(listens));
    EXPECT_TRUE(registry.remove(living.instance_id).ok());
}

}  // namespace
}  // namespace reeve::test

// Container sessions with the real engine.
#include "support/docker.hpp"
#include "support/private_daemon.hpp"
#include "support/test_image.hpp"
#include "support/text_file.hpp"
#include "support/wait_until.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class ContainerSession : public testing::Test {
  protected:
    void SetUp() override {
        REEVE_NEEDS_ENGINE("docker");
        daemon.config["engine"] = {{"command", "docker"}};
    }
    void TearDown() override {
        daemon.stop_if_it_runs();
        if (!std::filesystem::exists(daemon.store() / "store.json")) return;
        for (const char* kind : {"container", "network", "volume"}) {
            const auto left = labelled(kind);
            EXPECT_TRUE(left.empty()) << "the test leaves a " << kind << " behind";
            for (const auto& name : left) (void)remove(kind, name);
        }
        for (const auto& [kind, name] : to_remove_) (void)remove(kind, name);
    }

    static bool remove(const std::string& kind, const std::string& name) {
        if (kind == "container") return docker({"container", "rm", "--force", "--volumes", name}).code == 0;
        return docker({kind, "rm", name}).code == 0;
    }
    std::string store_id() const { return Json::parse(read_text(daemon.store() / "store.json"))["store_id"]; }
    std::vector<std::string> labelled(const std::string& kind) const {
        std::vector<std::string> words{kind, "ls", "--quiet", "--filter", "label=reeve.store=" + store_id()};
        if (kind == "container") words.insert(words.end(), {"--all", "--no-trunc"});
        return words_of(docker(words).out);
    }
    // Something of a kind with these labels, by hand; it is removed at the end of the test.
    std::string make(const std::string& kind, const std::map<std::string, std::string>& labels) {
        const std::string name = unique_name("reeve-test");
        std::vector<std::string> words{kind, "create"};
        for (const auto& [key, value] : labels) words.insert(words.end(), {"--label", key + "=" + value});
        if (kind == "container") {
            words.insert(words.end(), {"--network", "none", "--name", name, test_image, "sleep", "1000"});
        } else {
            words.push_back(name);
        }
        const Ended made = docker(words);
        EXPECT_EQ(made.code, 0) << made.err;
        to_remove_.emplace_back(kind, name);
        return name;
    }
    std::map<std::string, std::string> labels_of(const std::string& instance) const {
        return {{"reeve.store", store_id()}, {"reeve.instance", instance}, {"reeve.session", "db"}};
    }
    // A container session without a network, which takes half the time.
    void add(const std::string& name, const std::string& script) {
        daemon.session(name) = {{"image", test_image},
                                {"options", {"--network", "none"}},
                                {"args", {"sh", "-c", script}},
                                {"stop", {{"grace", "1s"}}}};
    }
    std::string running_container(const std::string& name) {
        EXPECT_TRUE(daemon.wait_for_state(name, "running")) << daemon.session_status(name);
        return daemon.session_status(name)["container_id"];
    }

    PrivateDaemon daemon;
    std::vector<std::pair<std::string, std::string>> to_remove_;
};

TEST_F(ContainerSession, CarriesItsLabelsAndIsOnRecordAndStopRemovesIt) {
    add("db", "trap 'exit 0' TERM; while :; do sleep 0.1; done");
    daemon.session("db")["env"] = {{"TOKEN", "a secret"}};
    daemon.start();
    const std::string id = running_container("db");
    const Json seen = Json::parse(docker({"container", "inspect", id}).out)[0];
    const Json labels = seen["Config"]["Labels"];
    EXPECT_EQ(labels["reeve.store"], store_id());
    EXPECT_EQ(labels["reeve.instance"], daemon.status()["instance_id"]);
    EXPECT_EQ(labels["reeve.session"], "db");
    EXPECT_EQ(seen["State"]["Running"], true);
    EXPECT_THAT(seen["Config"]["Env"].dump(), HasSubstr("TOKEN=a secret"));

    const Json record = daemon.only_record()["sessions"]["db"];
    EXPECT_EQ(record["kind"], "container");
    EXPECT_EQ(record["container_id"], id);
    EXPECT_EQ("/" + record["container"].get<std::string>(), seen["Name"]);
    EXPECT_EQ(record["image"], test_image);
    EXPECT_EQ(daemon.session_status("db")["containment"], "container");

    const Ended stopped = daemon.reeve({"stop", "db"});
    EXPECT_EQ(stopped.code, 0) << stopped.err;
    EXPECT_FALSE(container_exists(id)) << "stop returned before it was gone";
    ASSERT_TRUE(daemon.wait_for_state("db", "stopped"));
    EXPECT_EQ(daemon.session_status("db")["last_exit"]["code"], 0);
    EXPECT_TRUE(wait_until([&] { return daemon.only_record()["sessions"].empty(); }));
    const auto receipts = daemon.receipts();
    ASSERT_EQ(receipts.size(), 1U);
    EXPECT_EQ(receipts[0]["what"], "container");
    EXPECT_EQ(receipts[0]["name"], id);
    EXPECT_EQ(receipts[0]["session"], "db");
    EXPECT_EQ(receipts[0]["action"], "stop and remove");
    EXPECT_EQ(receipts[0]["outcome"], "gone");
}

// Another engine makes a container session another one; the processes go on, and a new timeout alone is no
// reason to touch anything.
TEST_F(ContainerSession, IsMadeAnewWhenTheConfigurationNamesAnotherEngine) {
    add("db", "sleep 1000");
    daemon.session("db")["stop"] = {{"grace", "0ms"}};
    daemon.session("api") = shell(daemon.note("api") + "exec sleep 1000");
    daemon.start();
    const std::string before = running_container("db");
    const auto& api = daemon.noted("api");
    daemon.config["engine"]["timeout"] = "20s";
    daemon.write_config();
    EXPECT_EQ(daemon.reeve({"reload"}).out, "added: none; changed: none; removed: none\n");
    EXPECT_EQ(running_container("db"), before);

    daemon.config["engine"]["endpoint"] = "unix:///var/run/docker.sock";
    daemon.write_config();
    const Ended ended = daemon.reeve({"reload"});
    EXPECT_EQ(ended.out, "added: none; changed: db; removed: none\n") << ended.err;
    EXPECT_FALSE(container_exists(before));
    const std::string after = running_container("db");
    EXPECT_NE(after, before);
    EXPECT_EQ(daemon.only_record()["sessions"]["db"]["endpoint"], "unix:///var/run/docker.sock");
    EXPECT_TRUE(api.running());
    // Its end is seen through the new engine's events.
    ASSERT_EQ(docker({"container", "rm", "--force", after}).code, 0);
    EXPECT_TRUE(wait_until([&] { return daemon.session_status("db")["restarts"] == 1; }));
}

TEST_F(ContainerSession, ThatWasAddedIsMadeAnewInAnotherEngineToo) {
    daemon.start();
    const Ended added = daemon.reeve({"add", "db", "--image", test_image, "--option=--network",
                                      "--option=none", "--grace", "0ms", "--", "sleep", "1000"});
    ASSERT_EQ(added.code, 0) << added.err;
    const std::string before = running_container("db");
    daemon.config["engine"]["endpoint"] = "unix:///var/run/docker.sock";
    daemon.write_config();
    const Ended ended = daemon.reeve({"reload"});
    EXPECT_EQ(ended.out, "added: none; changed: db; removed: none\n") << ended.err;
    EXPECT_FALSE(container_exists(before));
    ASSERT_TRUE(wait_until([&] { return daemon.session_status("db")["state"] == "running"; }));
    EXPECT_NE(running_container("db"), before);
}

TEST_F(ContainerSession, IsRemovedWithTheSupervisorsOwnStop) {
    add("db", "trap '' TERM; while :; do sleep 0.1; done");
    daemon.start();
    const std::string id = running_container("db");
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_FALSE(container_exists(id));
    EXPECT_TRUE(daemon.records().empty());
}

TEST_F(ContainerSession, ASecondStopSignalEndsItsGraceToo) {
    add("db", "trap '' TERM; while :; do sleep 0.1; done");
    daemon.session("db")["stop"] = {{"grace", "1h"}};
    daemon.start();
    const std::string id = running_container("db");
    daemon.signal(SIGTERM);
    ASSERT_TRUE(daemon.wait_for_state("db", "stopping"));
    EXPECT_TRUE(stays([&] { return !daemon.exited(); }));
    daemon.signal(SIGTERM);
    EXPECT_EQ(daemon.wait_exit(10s), 0);
    EXPECT_FALSE(container_exists(id));
}

// Nobody waits for a container that has ended by itself, and its exit status is the session's.
TEST_F(ContainerSession, ThatEndsIsSeenAtOnceAndItsStatusKept) {
    add("job", "exit 7");
    daemon.session("job")["restart"] = "never";
    daemon.session("job")["stop"] = {{"grace", "1h"}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("job", "failed")) << daemon.session_status("job");
    EXPECT_EQ(daemon.session_status("job")["last_exit"]["code"], 7);
    EXPECT_TRUE(labelled("container").empty());
}

TEST_F(ContainerSession, ThatIsRemovedBySomebodyElseIsStartedAgain) {
    add("db", "sleep 1000");
    daemon.session("db")["backoff"] = {{"initial", "10ms"}, {"max", "10ms"}};
    daemon.start();
    const std::string first = running_container("db");
    ASSERT_EQ(docker({"container", "rm", "--force", first}).code, 0);
    ASSERT_TRUE(wait_until([&] { return daemon.session_status("db")["restarts"] == 1; }));
    EXPECT_NE(running_container("db"), first);
}

TEST_F(ContainerSession, TakesItsAnonymousVolumesAlong) {
    add("db", "sleep 1000");
    daemon.session("db")["options"] = {"--network", "none", "-v", "/data"};
    daemon.session("db")["stop"] = {{"grace", "0ms"}};
    daemon.start();
    const Json seen = Json::parse(docker({"container", "inspect", running_container("db")}).out)[0];
    const std::string volume = seen["Mounts"][0]["Name"];
    EXPECT_EQ(docker({"volume", "inspect", volume}).code, 0);
    EXPECT_EQ(daemon.stop(), 0);
    EXPECT_NE(docker({"volume", "inspect", volume}).code, 0);
}

TEST_F(ContainerSession, OfAKilledSupervisorIsReapedWithItsNetworkAndItsVolumeAndNothingElseIs) {
    add("db", "trap '' TERM; while :; do sleep 0.1; done");
    daemon.start();
    const std::string id = running_container("db");
    const std::string dead = daemon.status()["instance_id"];
    const std::string network = make("network", labels_of(dead));
    const std::string volume = make("volume", labels_of(dead));
    auto strange = labels_of(dead);
    strange["reeve.store"] = "11111111-2222-4333-8444-555555555555";
    const std::string of_another_store = make("container", strange);
    const std::string unlabelled = make("container", {});
    const std::string nobodys = make("container", {{"reeve.store", store_id()}});  // of no instance
    daemon.kill();
    EXPECT_TRUE(container_exists(id)) << "containers outlive who made them";

    daemon.config["sessions"] = Json::object();
    daemon.start();
    EXPECT_FALSE(container_exists(id));
    EXPECT_NE(docker({"network", "inspect", network}).code, 0);
    EXPECT_NE(docker({"volume", "inspect", volume}).code, 0);
    const Json reaped = daemon.status()["reaper"]["totals"];
    EXPECT_EQ(reaped["containers_removed"], 1);
    EXPECT_EQ(reaped["networks_removed"], 1);
    EXPECT_EQ(reaped["volumes_removed"], 1);
    EXPECT_EQ(reaped["failed"], 0);
    EXPECT_EQ(daemon.records().size(), 1U) << "its own";
    for (const auto& name : {of_another_store, unlabelled, nobodys})
        EXPECT_TRUE(container_exists(name)) << name;
    ASSERT_TRUE(remove("container", nobodys));
}

TEST_F(ContainerSession, WithoutARecordIsFoundByItsLabelsAlone) {
    daemon.start();
    EXPECT_EQ(daemon.stop(), 0);
    const std::string orphan = make("container", labels_of("8d7c1f3e-4b5a-4c6d-9e8f-0a1b2c3d4e5f"));
    EXPECT_THAT(daemon.reeve({"reap", "--dry-run"}).out, HasSubstr(orphan));
    EXPECT_TRUE(container_exists(orphan));
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_FALSE(container_exists(orphan));
}

TEST_F(ContainerSession, OfALivingInstanceIsLeftAloneByAReap) {
    add("db", "sleep 1000");
    daemon.session("db")["stop"] = {{"grace", "0ms"}};
    daemon.start();
    const std::string id = running_container("db");
    EXPECT_EQ(daemon.reeve({"reap"}).code, 0);
    EXPECT_TRUE(container_exists(id));
    EXPECT_EQ(daemon.session_status("db")["container_id"], id);
}

// A call that was in flight when its caller died makes its container after everybody has looked.
TEST_F(ContainerSession, ThatAppearsAfterTheReapIsFoundByTheEnginesEvents) {
    add("db", "sleep 1000");
    daemon.session("db")["stop"] = {{"grace", "0ms"}};
    daemon.start();
    const std::string dead = daemon.status()["instance_id"];
    const std::string first = running_container("db");
    daemon.kill();
    daemon.start();
    EXPECT_FALSE(container_exists(first));
    const std::string own = running_container("db");
    const std::string late = make("container", labels_of(dead));
    EXPECT_TRUE(wait_until([&] { return !container_exists(late); }));
    EXPECT_TRUE(container_exists(own));
}

TEST_F(ContainerSession, WithAnImageThatIsNotThereFailsAndSaysWhy) {
    daemon.session("db") = {{"image", "reeve-test/no-such-image:1"}, {"restart", "never"}};
    daemon.session("db")["options"] = {"--pull", "never"};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "failed")) << daemon.session_status("db");
    EXPECT_THAT(daemon.session_status("db")["attention"].get<std::string>(), HasSubstr("no-such-image"));
    EXPECT_TRUE(wait_until([&] { return daemon.only_record()["sessions"].empty(); }));
}

TEST_F(ContainerSession, GoesOnThroughAnUpgradeInPlaceAndIsWatchedAgain) {
    daemon.session("db") = {{"image", test_image},
                            {"args", {"sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"}},
                            {"restart", "always"},
                            {"backoff", {{"initial", "1ms"}}},
                            {"options", {"--network", "none"}}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "running"));
    ASSERT_TRUE(wait_until([&] { return daemon.session_status("db")["pid"].is_number(); }));
    const Json before = daemon.session_status("db");
    const Ended ended = daemon.reeve({"upgrade", REEVE_NEXT_BINARY});
    ASSERT_EQ(ended.code, 0) << ended.err;
    EXPECT_TRUE(wait_until([&] { return daemon.session_status("db")["pid"] == before["pid"]; }));
    EXPECT_EQ(daemon.session_status("db")["container_id"], before["container_id"]);
    EXPECT_EQ(daemon.session_status("db")["restarts"], 0);
    ASSERT_EQ(docker({"kill", before["container_id"].get<std::string>()}).code, 0);
    EXPECT_TRUE(wait_until([&] { return daemon.session_status("db")["restarts"] == 1; }));
    EXPECT_EQ(daemon.stop(), 0);
}

TEST_F(ContainerSession, KeepsItsSecretsThroughAnUpgradeInPlace) {
    daemon.session("db") = {
        {"image", test_image},
        {"args", {"sh", "-c", "trap 'exit 3' TERM; echo with $PASSWORD; while :; do sleep 0.1; done"}},
        {"env", {{"PASSWORD", "correct-horse"}}},
        {"restart", "never"},
        {"options", {"--network", "none"}}};
    daemon.start();
    ASSERT_TRUE(daemon.wait_for_state("db", "running"));
    const std::string id = daemon.session_status("db")["container_id"].get<std::string>();
    ASSERT_TRUE(wait_until([&] { return docker({"logs", id}).out.find("with ") != std::string::npos; }));
    ASSERT_EQ(daemon.reeve({"upgrade", REEVE_NEXT_BINARY}).code, 0);
    ASSERT_EQ(docker({"kill", "--signal", "TERM", id}).code, 0);
    ASSERT_TRUE(daemon.wait_for_state("db", "failed"));
    const Json shown = daemon.session_status("db")["last_output"];
    EXPECT_THAT(shown.dump(), HasSubstr("with ***"));
    EXPECT_EQ(daemon.stop(), 0);
}

}  // namespace
}  // namespace reeve::test

#include "engine/docker_parse.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kId(64, 'a');
const std::string kOther(64, '1');
const std::string kWhat = "asking the engine";

// Puts an id where the text says @.
std::string with_id(std::string text, const std::string& id = kId) {
    for (auto at = text.find('@'); at != std::string::npos; at = text.find('@')) text.replace(at, 1, id);
    return text;
}

ContainerInfo only_container(const std::string& text) {
    const auto parsed = parse_containers(text, kWhat);
    EXPECT_TRUE(parsed) << parsed.error().message();
    if (!parsed || parsed->size() != 1) return {};
    return parsed->front();
}

TEST(DockerParse, ReadsAContainerOfDocker) {
    const auto info = only_container(with_id(R"([{"Id": "@", "Created": "2026-11-21T09:39:49.898914904Z",
        "State": {"Status": "running", "Running": true, "Paused": false, "Pid": 8954, "ExitCode": 0,
                  "StartedAt": "2026-11-21T09:39:50.123429985Z", "FinishedAt": "0001-01-01T00:00:00Z",
                  "Health": {"Status": "starting", "FailingStreak": 0, "Log": []}},
        "Image": "sha256:e2af", "Name": "/web", "RestartCount": 0,
        "Config": {"Hostname": "3681", "Image": "nginx:1", "Labels": {"reeve.store": "s", "other": ""}}}])"));
    EXPECT_EQ(info.id.value, kId);
    EXPECT_EQ(info.name, "web");
    EXPECT_EQ(info.image, "nginx:1");
    EXPECT_EQ(info.labels, (Labels{{"reeve.store", "s"}, {"other", ""}}));
    EXPECT_TRUE(info.running);
    EXPECT_EQ(info.pid, 8954);
    EXPECT_EQ(info.started_at, "2026-11-21T09:39:50.123429985Z");
    EXPECT_EQ(info.created_at, "2026-11-21T09:39:49.898914904Z");
    EXPECT_EQ(info.health, "starting");
}

TEST(DockerParse, ReadsAContainerThatNeverRanOrHasEnded) {
    const auto created = only_container(with_id(R"([{"Id": "@", "Name": "/x", "Config": {"Labels": null},
        "State": {"Status": "created", "Running": false, "Pid": 0, "StartedAt": "0001-01-01T00:00:00Z"}}])"));
    EXPECT_FALSE(created.running);
    EXPECT_EQ(created.started_at, "");
    EXPECT_THAT(created.labels, IsEmpty());

    const auto ended = only_container(with_id(R"([{"Id": "@", "Name": "/x", "Config": {"Labels": {}},
        "State": {"Status": "exited", "Running": false, "Pid": 17, "ExitCode": 137,
                  "Health": {"Status": "none"}}}])"));
    EXPECT_EQ(ended.exit_code, 137);
    EXPECT_EQ(ended.pid, 0) << "a pid of the past must not look like one of the present";
    EXPECT_EQ(ended.health, "");
}

TEST(DockerParse, ReadsAContainerOfPodman) {
    const auto info = only_container(with_id(R"([{"Id": "@", "Created": "2026-11-21T10:00:00.1+01:00",
        "State": {"OciVersion": "1.0.2-dev", "Status": "paused", "Running": false, "Paused": true, "Pid": 12,
                  "ExitCode": 0, "StartedAt": "2026-11-21T10:00:01.1+01:00",
                  "Healthcheck": {"Status": "healthy", "FailingStreak": 0, "Log": null}},
        "Image": "5f2a", "ImageName": "localhost/busybox:1", "Name": "web",
        "Config": {"Labels": {"reeve.instance": "i"}}}])"));
    EXPECT_EQ(info.name, "web");
    EXPECT_EQ(info.image, "localhost/busybox:1");
    EXPECT_TRUE(info.running) << "a paused container holds its resources";
    EXPECT_EQ(info.health, "healthy");
    EXPECT_EQ(info.labels.at("reeve.instance"), "i");
}

TEST(DockerParse, ReadsKeysOfAnyCase) {
    const auto info = only_container(with_id(R"([{"ID": "@", "name": "web", "image": "busybox",
        "labels": {"a": "b"}, "state": {"status": "running", "pid": 5}}])"));
    EXPECT_EQ(info.name, "web");
    EXPECT_EQ(info.image, "busybox");
    EXPECT_TRUE(info.running);
    EXPECT_EQ(info.labels.at("a"), "b");
}

TEST(DockerParse, RefusesContainersThatMakeNoSense) {
    for (const std::string text : {
             "", "[", "{}", "null", "[1]", "[{}]", "Error: no such object",
             R"([{"Id": "3681d5adb344", "State": {}}])",                                 // a short id
             R"([{"Id": "--help", "State": {}}])",                                       // an option
             R"([{"Id": "@", "Config": {}}])",                                           // no state
             R"([{"Id": "@", "State": "running"}])",                                     //
             R"([{"Id": "@", "State": {}, "Config": {"Labels": ["a=b"]}}])",             // labels as a list
             R"([{"Id": "@", "State": {}, "Config": {"Labels": {"reeve.store": 5}}}])",  //
             R"([{"Id": "@", "State": {}}, {"Id": "AAAA", "State": {}}])",               // one good, one bad
             R"([{"Id": "@", "State": {"Running": true}, "Config": {"Labels": {"a": "b"}}})",  // cut off
         }) {
        const auto parsed = parse_containers(with_id(text), kWhat);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code(), Errc::invalid_data) << text;
        EXPECT_THAT(parsed.error().message(), HasSubstr(kWhat));
    }
}

TEST(DockerParse, TakesOnlyWholeIdsFromAListing) {
    const auto ids = parse_container_ids(kId + "\n" + kOther + "\r\n\n", kWhat);
    ASSERT_TRUE(ids);
    EXPECT_THAT(*ids, ElementsAre(ContainerId{kId}, ContainerId{kOther}));
    EXPECT_THAT(*parse_container_ids("", kWhat), IsEmpty());
    for (const std::string& bad :
         {std::string("3681d5adb344"), kId + " " + kOther, "WARNING: odd things\n" + kId,
          std::string(64, 'A'), std::string("-f") + std::string(62, 'a'), kId + "a"}) {
        EXPECT_FALSE(parse_container_ids(bad, kWhat)) << bad;
    }
}

TEST(DockerParse, TakesOnlyWhatEnginesAcceptAsAName) {
    EXPECT_TRUE(is_engine_name("reeve-db_1.x"));
    EXPECT_TRUE(is_engine_name(kId));
    for (const std::string bad : {"", "-f", "a b", "a/b", "../x", "a\nb", "a$(b)", "\xc3\xa9"}) {
        EXPECT_FALSE(is_engine_name(bad)) << bad;
    }
    EXPECT_FALSE(is_engine_name(std::string(256, 'a')));
    EXPECT_FALSE(parse_names("good\n--all\n", kWhat));
}

TEST(DockerParse, SplitsAFullListingIntoWords) {
    EXPECT_THAT(parse_words("abc web,web/alias\ndef x\r\n\n"),
                ElementsAre("abc", "web", "web/alias", "def", "x"));
    EXPECT_THAT(parse_words("last"), ElementsAre("last"));
}

TEST(DockerParse, ReadsNetworksAndVolumesOfBothKinds) {
    const auto networks = parse_networks_or_volumes(
        with_id(R"([{"Name": "net", "Id": "@", "Labels": {"a": "b"}, "Containers": {}},
                    {"name": "pod", "id": "@", "driver": "bridge", "labels": null}])"),
        kWhat);
    ASSERT_TRUE(networks);
    ASSERT_EQ(networks->size(), 2u);
    EXPECT_EQ((*networks)[0].name, "net");
    EXPECT_EQ((*networks)[0].id, kId);
    EXPECT_EQ((*networks)[0].labels.at("a"), "b");
    EXPECT_THAT((*networks)[1].labels, IsEmpty());

    const auto volumes = parse_networks_or_volumes(
        R"([{"CreatedAt": "x", "Driver": "local", "Labels": {"a": "b"}, "Mountpoint": "/m", "Name": "vol"}])",
        kWhat);
    ASSERT_TRUE(volumes);
    EXPECT_EQ(volumes->front().name, "vol");
    EXPECT_EQ(volumes->front().id, "");

    EXPECT_FALSE(parse_networks_or_volumes(R"([{"Labels": {}}])", kWhat));
    EXPECT_FALSE(parse_networks_or_volumes(R"([{"Name": "-x"}])", kWhat));
    EXPECT_FALSE(parse_networks_or_volumes(R"([{"Name": "x", "Labels": "a=b"}])", kWhat));
}

TEST(DockerParse, KnowsTheServerByItsIdOrByTheFolderOfItsState) {
    const auto docker =
        parse_info(R"({"ID": "QEMI:RHBY", "ServerVersion": "20.10.24", "Containers": 1})", kWhat);
    ASSERT_TRUE(docker);
    EXPECT_EQ(docker->version, "20.10.24");
    EXPECT_EQ(docker->engine_id, "QEMI:RHBY");

    const auto podman =
        parse_info(R"({"host": {"os": "linux"}, "store": {"graphRoot": "/var/lib/containers/storage"},
                                       "version": {"APIVersion": "4.3.1", "Version": "4.3.1"}})",
                   kWhat);
    ASSERT_TRUE(podman);
    EXPECT_EQ(podman->version, "4.3.1");
    EXPECT_EQ(podman->engine_id, "/var/lib/containers/storage");
}

TEST(DockerParse, BelievesAClientThatSaysThatNoServerAnswers) {
    const auto info = parse_info(
        R"({"ServerErrors": ["Cannot connect to the Docker daemon at unix:///x."], "ClientInfo": {}})",
        kWhat);
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code(), Errc::unreachable);
    EXPECT_THAT(info.error().message(), HasSubstr("Cannot connect"));
    // A newer client prints a server of empty fields.
    EXPECT_EQ(parse_info(R"({"ID": "", "ServerVersion": ""})", kWhat).error().code(), Errc::invalid_data);
}

TEST(DockerParse, ReadsEventsOfDocker) {
    const auto event =
        parse_event(with_id(R"({"status": "die", "id": "@", "from": "busybox", "Type": "container",
        "Action": "die", "Actor": {"ID": "@", "Attributes": {"exitCode": "137", "image": "busybox", "name": "web",
        "reeve.store": "s"}}, "scope": "local", "time": 1})"),
                    kWhat);
    ASSERT_TRUE(event) << event.error().message();
    ASSERT_TRUE(*event);
    EXPECT_EQ((*event)->action, "die");
    EXPECT_EQ((*event)->id.value, kId);
    EXPECT_EQ((*event)->labels.at("reeve.store"), "s");
    EXPECT_EQ((*event)->exit_code, 137);
}

TEST(DockerParse, ReadsEventsOfPodmanInDockersWords) {
    const auto died = parse_event(with_id(R"({"ID": "@", "Image": "busybox", "Name": "web", "Status": "died",
        "Time": "2026-11-21T10:00:00Z", "Type": "container", "ContainerExitCode": 3, "Attributes": {"reeve.store": "s"}})"),
                                  kWhat);
    ASSERT_TRUE(died) << died.error().message();
    EXPECT_EQ((*died)->action, "die");
    EXPECT_EQ((*died)->exit_code, 3);
    EXPECT_EQ((*died)->labels.at("reeve.store"), "s");
    const auto removed = parse_event(
        with_id(R"({"ID": "@", "Status": "remove", "Type": "container", "Attributes": null})"), kWhat);
    EXPECT_EQ((*removed)->action, "destroy");
    EXPECT_FALSE((*removed)->exit_code);
}

TEST(DockerParse, SkipsEventsOfOtherThingsAndRefusesNonsense) {
    const auto network =
        parse_event(R"({"Type": "network", "Action": "connect", "Actor": {"ID": "x"}})", kWhat);
    ASSERT_TRUE(network);
    EXPECT_FALSE(*network);
    for (const std::string text : {"", "{", "[]", "panic: runtime error", R"({"Type": "container"})",
                                   R"({"Action": "die", "Actor": {"ID": "short"}})"}) {
        EXPECT_FALSE(parse_event(text, kWhat)) << text;
    }
}

}  // namespace
}  // namespace reeve

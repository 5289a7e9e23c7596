// Engines that are missing, down, hanging, failing and lying, as scripts.
#include "scripted_engine.hpp"
#include "support/run_to_end.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>

namespace reeve {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const ContainerId kA{std::string(64, 'a')};
const ContainerId kB{std::string(64, 'b')};

class EngineFault : public testing::Test {
  protected:
    template <class T>
    T run(Task<T> task) {
        return test::run_to_end(loop_, std::move(task));
    }
    static std::string described(const ContainerId& id, const std::string& name, bool running = true) {
        return test::ScriptedEngine::described(id.value, name, running);
    }
    asio::io_context loop_{1};
    test::ScriptedEngine script_;
};

TEST_F(EngineFault, AMissingEngineIsNamedAndFoundOnceItIsInstalled) {
    const auto engine = script_.open();  // nothing is written yet
    const auto missing = run(engine->info());
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code(), Errc::not_found);
    EXPECT_THAT(missing.error().message(), HasSubstr("engine.command"));

    script_.write("");
    const auto info = run(engine->info());
    ASSERT_TRUE(info) << info.error().message();
    EXPECT_EQ(info->version, "1.0");
    EXPECT_EQ(info->engine_id, "FAKE");

    std::filesystem::remove(script_.file("docker"));  // and gone again
    EXPECT_EQ(run(engine->info()).error().code(), Errc::not_found);
}

TEST_F(EngineFault, AnEngineThatIsDownIsUnreachableWhateverIsAsked) {
    script_.write("*) echo 'Cannot connect to the Docker daemon' >&2; exit 1 ;;");
    const auto engine = script_.open(std::chrono::seconds(20), "unix:///x.sock");
    const auto info = run(engine->info());
    EXPECT_EQ(info.error().code(), Errc::unreachable);
    EXPECT_THAT(info.error().message(), HasSubstr("Cannot connect"));
    EXPECT_THAT(info.error().message(), HasSubstr("unix:///x.sock"));
    EXPECT_EQ(run(engine->list_containers("reeve.store", "s")).error().code(), Errc::unreachable);
    EXPECT_EQ(run(engine->inspect_containers({kA.value})).error().code(), Errc::unreachable);
    EXPECT_EQ(run(engine->start_container(kA)).error().code(), Errc::unreachable);
    EXPECT_EQ(run(engine->stop_containers({kA}, std::chrono::seconds(0))).error().code(), Errc::unreachable);
    EXPECT_EQ(run(engine->remove_containers({kA})).error().code(), Errc::unreachable);
    EXPECT_EQ(run(engine->list_networks("reeve.store", "s")).error().code(), Errc::unreachable);
    EXPECT_EQ(run(engine->remove_volumes({"v"})).error().code(), Errc::unreachable);
}

TEST_F(EngineFault, AnOldClientThatExitsWithZeroIsNotTakenForAServer) {
    script_.write(R"('info --format') echo '{"ServerErrors": ["Cannot connect"]}' ;;)");
    EXPECT_EQ(run(script_.open()->info()).error().code(), Errc::unreachable);
}

TEST_F(EngineFault, AHangingEngineIsGivenUpInTime) {
    script_.write("*) exec sleep 600 ;;");
    const auto engine = script_.open(milliseconds(200));
    const auto start = std::chrono::steady_clock::now();
    const auto listed = run(engine->list_containers("reeve.store", "s"));
    EXPECT_EQ(listed.error().code(), Errc::timed_out);
    EXPECT_THAT(listed.error().message(), HasSubstr("hangs"));
    EXPECT_EQ(run(engine->remove_containers({kA})).error().code(), Errc::timed_out);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST_F(EngineFault, AFailureOfALivingEngineKeepsItsWords) {
    script_.write("'start '*) echo 'driver failed: port is allocated' >&2; exit 1 ;;");
    const auto started = run(script_.open()->start_container(kA));
    EXPECT_EQ(started.error().code(), Errc::failed);
    EXPECT_THAT(started.error().message(), HasSubstr("port is allocated"));
}

TEST_F(EngineFault, AFilterThatIsIgnoredShowsInInspection) {
    script_.write("'container ls') printf '%s\\n' " + kA.value + " " + kB.value +
                  " ;;\n'container inspect') echo '[" + described(kA, "ours") + "," +
                  test::ScriptedEngine::described(kB.value, "theirs", true, "another") + "]' ;;");
    const auto engine = script_.open();
    const auto ids = run(engine->list_containers("reeve.store", "s"));
    ASSERT_TRUE(ids);
    ASSERT_THAT(*ids, SizeIs(2));
    const auto infos = run(engine->inspect_containers({kA.value, kB.value}));
    ASSERT_TRUE(infos);
    EXPECT_EQ(infos->at(0).labels.at("reeve.store"), "s");
    EXPECT_EQ(infos->at(1).labels.at("reeve.store"), "another");
}

TEST_F(EngineFault, OneThatIsGoneIsRemovedAndTheOthersAreStillHandled) {
    script_.write(
        "'container rm') echo 'Error: No such container' >&2; exit 1 ;;");  // and the listing is empty
    const auto removed = run(script_.open()->remove_containers({kA, kB}));
    EXPECT_TRUE(removed) << removed.error().message();
    EXPECT_THAT(script_.calls().front(), HasSubstr(kA.value + " " + kB.value));
}

TEST_F(EngineFault, ARemovalThatOnlyClaimsSuccessIsNotBelieved) {
    script_.write("'container ls') echo " + kA.value + " web ;;");  // and rm says nothing and exits with 0
    const auto removed = run(script_.open()->remove_containers({kA}));
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().code(), Errc::failed);

    // One round that does nothing because another name is gone: the next has only what is left.
    script_.write("'container rm') case \"$*\" in *" + kB.value + "*) ;; *) touch $dir/removed ;; esac ;;\n" +
                  "'container ls') test -e $dir/removed || echo " + kA.value + " web ;;");
    EXPECT_TRUE(run(script_.open()->remove_containers({kB, kA})));
}

TEST_F(EngineFault, ARemovalThatIsUnderWayIsAskedForAgain) {
    script_.write(
        "'container rm') echo >>$dir/rounds; test $(wc -l <$dir/rounds) -ge 3 || exit 1; touch $dir/removed "
        ";;\n"
        "'container ls') test -e $dir/removed || echo " +
        kA.value + " web ;;");
    const auto removed = run(script_.open()->remove_containers({kA, kB}));
    ASSERT_TRUE(removed) << removed.error().message();
    const auto calls = script_.calls();
    EXPECT_THAT(calls.at(calls.size() - 2), Not(HasSubstr(kB.value)))
        << "what is gone is not asked for again";
}

TEST_F(EngineFault, WhatCannotBeRemovedIsAnError) {
    script_.write(
        "'container rm'|'volume rm') echo 'device is busy' >&2; exit 1 ;;\n"
        "'container ls') echo " +
        kA.value + " web ;;\n'volume ls') echo data ;;");
    const auto engine = script_.open();
    const auto removed = run(engine->remove_containers({kA, kB}));
    ASSERT_FALSE(removed);
    EXPECT_EQ(removed.error().code(), Errc::failed);
    EXPECT_THAT(removed.error().message(), HasSubstr("device is busy"));
    EXPECT_EQ(run(engine->remove_volumes({"data"})).error().code(), Errc::failed);
    EXPECT_TRUE(run(engine->remove_volumes({"other"})));
}

TEST_F(EngineFault, InspectionLeavesOutOnlyWhatAListingConfirmsToBeGone) {
    const std::string inspect = "'container inspect') echo '[" + described(kA, "web") + "]'; exit 1 ;;\n";
    script_.write(inspect);
    auto infos = run(script_.open()->inspect_containers({kA.value, kB.value}));
    ASSERT_TRUE(infos) << infos.error().message();
    ASSERT_THAT(*infos, SizeIs(1));
    EXPECT_EQ(infos->front().id, kA);

    script_.write(inspect + "'container ls') echo " + kB.value + " other ;;");
    infos = run(script_.open()->inspect_containers({kA.value, kB.value}));
    ASSERT_FALSE(infos);
    EXPECT_EQ(infos.error().code(), Errc::invalid_data);
}

TEST_F(EngineFault, AContainerWhoseIdBeginsWithTheNameIsAStranger) {
    script_.write("'container inspect') echo '[" + described(kA, "web") + "]' ;;");
    const auto infos = run(script_.open()->inspect_containers({"aaaa"}));
    ASSERT_TRUE(infos) << infos.error().message();
    EXPECT_THAT(*infos, IsEmpty());
}

TEST_F(EngineFault, GarbageIsAnErrorAndNeverNothing) {
    script_.write(
        "'container ls'|'container inspect'|'network ls') echo 'Emulate Docker CLI using podman' ;;");
    const auto engine = script_.open();
    EXPECT_EQ(run(engine->list_containers("reeve.store", "s")).error().code(), Errc::invalid_data);
    EXPECT_EQ(run(engine->inspect_containers({kA.value})).error().code(), Errc::invalid_data);
    EXPECT_EQ(run(engine->list_networks("reeve.store", "s")).error().code(), Errc::invalid_data);

    script_.write("'container inspect') printf '[%s' '" + described(kA, "web") + "' ;;");
    EXPECT_EQ(run(engine->inspect_containers({kA.value})).error().code(), Errc::invalid_data);

    script_.write("'image inspect') ;; 'create --name') echo done ;;");
    ContainerSpec spec;
    spec.name = "x";
    spec.image = "y";
    EXPECT_EQ(run(engine->create_container(spec)).error().code(), Errc::invalid_data);
}

TEST_F(EngineFault, WhatIsNoIdOrNameNeverReachesACommandLine) {
    script_.write("");
    const auto engine = script_.open();
    const ContainerId evil{"--all"};
    EXPECT_EQ(run(engine->remove_containers({kA, evil})).error().code(), Errc::refused);
    EXPECT_EQ(run(engine->stop_containers({evil}, std::chrono::seconds(1))).error().code(), Errc::refused);
    EXPECT_EQ(run(engine->start_container(evil)).error().code(), Errc::refused);
    EXPECT_EQ(run(engine->inspect_containers({"a b"})).error().code(), Errc::refused);
    EXPECT_EQ(run(engine->remove_networks({"-f"})).error().code(), Errc::refused);
    EXPECT_THAT(script_.calls(), IsEmpty());
}

TEST_F(EngineFault, NothingToDoNeedsNoEngine) {
    const auto engine = script_.open();  // not even installed
    EXPECT_TRUE(run(engine->remove_containers({})));
    EXPECT_TRUE(run(engine->stop_containers({}, std::chrono::seconds(1))));
    EXPECT_TRUE(run(engine->inspect_containers({})));
}

TEST_F(EngineFault, ManyContainersAreFewCalls) {
    script_.write("");
    std::vector<ContainerId> many;
    for (int i = 0; i < 450; ++i) {
        char text[65];
        std::snprintf(text, sizeof text, "%064x", i + 1);
        many.push_back({text});
    }
    EXPECT_TRUE(run(script_.open()->remove_containers(many)));
    const auto calls = script_.calls();
    ASSERT_THAT(calls, SizeIs(4));  // and one look at what is left
    EXPECT_THAT(calls.back(), HasSubstr("container ls"));
    std::size_t words = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string& call = calls[i];
        words += static_cast<std::size_t>(std::count(call.begin(), call.end(), ' ')) - 3;
        EXPECT_THAT(call, HasSubstr("container rm --force --volumes 0"));
    }
    EXPECT_EQ(words, many.size());
}

TEST_F(EngineFault, AFailedStopIsFineWhenNothingRunsAnyMore) {
    script_.write("'stop -t') exit 1 ;;\n'container inspect') echo '[" + described(kA, "web", false) +
                  "]'; exit 1 ;;");
    EXPECT_TRUE(run(script_.open()->stop_containers({kA, kB}, std::chrono::seconds(7))));
    EXPECT_THAT(script_.calls().front(), HasSubstr("stop -t 7 " + kA.value + " " + kB.value));

    script_.write("'stop -t') echo 'cannot stop' >&2; exit 1 ;;\n'container inspect') echo '[" +
                  described(kA, "web") + "]'; exit 1 ;;");
    const auto stopped = run(script_.open()->stop_containers({kA, kB}, std::chrono::seconds(7)));
    EXPECT_EQ(stopped.error().code(), Errc::failed);
    EXPECT_THAT(stopped.error().message(), HasSubstr("cannot stop"));
}

TEST_F(EngineFault, AStopThatOneMissingNameSpoiltIsAskedForAgain) {
    script_.write("'stop -t') case \"$*\" in *" + kB.value +
                  "*) exit 125 ;; *) touch $dir/stopped ;; esac ;;\n'container inspect') echo '[" +
                  described(kA, "web") + "]'; exit 1 ;;");
    const auto stopped = run(script_.open()->stop_containers({kA, kB}, std::chrono::seconds(7)));
    ASSERT_TRUE(stopped) << stopped.error().message();
    EXPECT_TRUE(std::filesystem::exists(script_.file("stopped")));
}

TEST_F(EngineFault, AStopHasItsGraceOnTopOfTheTimeout) {
    script_.write("'stop -t') sleep 0.6 ;;");
    EXPECT_TRUE(run(script_.open(milliseconds(300))->stop_containers({kA}, std::chrono::seconds(5))));
    EXPECT_FALSE(run(script_.open(milliseconds(300))->stop_containers({kA}, std::chrono::seconds(0))));
}

TEST_F(EngineFault, ACreationThatHasToPullHasMoreTime) {
    ContainerSpec spec;
    spec.name = "x";
    spec.image = "y";
    script_.write("'image inspect') exit 1 ;;\n'create --name') sleep 0.6; echo " + kA.value + " ;;");
    const auto pulled = run(script_.open(milliseconds(300))->create_container(spec));
    ASSERT_TRUE(pulled) << pulled.error().message();
    EXPECT_EQ(*pulled, kA);

    script_.write("'create --name') sleep 0.6; echo " + kA.value + " ;;");
    EXPECT_EQ(run(script_.open(milliseconds(300))->create_container(spec)).error().code(), Errc::timed_out);
}

TEST_F(EngineFault, SecretsAreNeitherInTheCommandLineNorInAnError) {
    script_.write("'create --name') env >$dir/env; cat >$dir/stdin; echo 'no space' >&2; exit 1 ;;");
    ContainerSpec spec;
    spec.name = "x";
    spec.image = "y";
    spec.env = {{"TOKEN", "hunter2"}, {"DOCKER_HOST", "tcp://hunter2"}};
    const auto created = run(script_.open()->create_container(spec));
    ASSERT_FALSE(created);
    EXPECT_THAT(created.error().message(), HasSubstr("no space"));
    EXPECT_THAT(created.error().message(), Not(HasSubstr("hunter2")));
    for (const std::string& call : script_.calls()) EXPECT_THAT(call, Not(HasSubstr("hunter2")));
    EXPECT_THAT(script_.lines_of("env"), Contains("TOKEN=hunter2"));
    EXPECT_THAT(script_.lines_of("env"), Not(Contains("DOCKER_HOST=tcp://hunter2")));
    EXPECT_THAT(script_.lines_of("stdin"), ElementsAre("DOCKER_HOST=tcp://hunter2"));
}

TEST_F(EngineFault, TheEndpointIsNamedInTheVariableThatTheClientReads) {
    const std::string note = "'container ls') env >$dir/env ;;";
    script_.write(note);
    EXPECT_TRUE(run(script_.open(std::chrono::seconds(20), "unix:///d.sock")->list_containers("a", "b")));
    EXPECT_THAT(script_.lines_of("env"), Contains("DOCKER_HOST=unix:///d.sock"));
    EXPECT_THAT(script_.lines_of("env"), Contains("LC_ALL=C"));

    test::ScriptedEngine podman("podman");
    podman.write(note);
    const auto engine = podman.open(std::chrono::seconds(20), "unix:///p.sock");
    EXPECT_EQ(engine->name(), "podman");
    EXPECT_EQ(engine->endpoint(), "unix:///p.sock");
    EXPECT_TRUE(run(engine->list_containers("a", "b")));
    EXPECT_THAT(podman.lines_of("env"), Contains("CONTAINER_HOST=unix:///p.sock"));
}

TEST_F(EngineFault, AStreamOfEventsEndsWithAnErrorHoweverItEnds) {
    const std::string event = R"({"Type": "container", "Action": "start", "Actor": {"ID": ")" + kA.value +
                              R"(", "Attributes": {"a": "b"}}})";
    std::vector<EngineEvent> events;
    const auto collect = [&](const EngineEvent& one) { events.push_back(one); };

    script_.write("'events --since') echo '" + event + "' ;;");
    EXPECT_EQ(run(script_.open()->follow_events("a", "b", collect)).error().code(), Errc::unreachable);
    ASSERT_THAT(events, SizeIs(1));
    EXPECT_EQ(events.front().id, kA);
    EXPECT_THAT(script_.calls().front(), HasSubstr("--filter label=a=b"));

    script_.write("'events --since') echo 'unexpected EOF' >&2; exit 1 ;;");
    EXPECT_EQ(run(script_.open()->follow_events("a", "b", collect)).error().code(), Errc::failed);
    script_.write("*) exit 1 ;;");
    EXPECT_EQ(run(script_.open()->follow_events("a", "b", collect)).error().code(), Errc::unreachable);
}

TEST_F(EngineFault, AStreamOfGarbageIsGivenUpAtOnce) {
    script_.write("'events --since') echo panic; exec sleep 600 ;;");
    const auto start = std::chrono::steady_clock::now();
    const auto followed = run(script_.open()->follow_events("a", "b", [](const EngineEvent&) {}));
    EXPECT_EQ(followed.error().code(), Errc::invalid_data);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST_F(EngineFault, CancellingAStreamEndsItsProgram) {
    script_.write("'events --since') echo '" +
                  std::string(R"({"Type": "container", "Action": "start", "id": ")") + kA.value +
                  "\"}'; exec sleep 600 ;;");
    const auto engine = script_.open();
    asio::cancellation_signal signal;
    Status ended;
    bool has_ended = false;
    asio::co_spawn(loop_,
                   engine->follow_events(
                       "a", "b", [&](const EngineEvent&) { signal.emit(asio::cancellation_type::terminal); }),
                   asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr, Status status) {
                       ended = std::move(status);
                       has_ended = true;
                   }));
    loop_.restart();
    loop_.run_for(std::chrono::seconds(20));
    ASSERT_TRUE(has_ended);
    EXPECT_EQ(ended.error().code(), Errc::cancelled);
}

}  // namespace
}  // namespace reeve

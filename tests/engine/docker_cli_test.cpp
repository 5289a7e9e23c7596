// The real engine. Everything that a test makes bears a label value of its own, and is removed by it at the
// end.
#include "reeve/base/task_group.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/engine/tool.hpp"
#include "support/run_to_end.hpp"
#include "support/test_image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace reeve {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kKey = "reeve.test";

class RealEngine : public testing::TestWithParam<const char*> {
  protected:
    void SetUp() override {
        REEVE_NEEDS_ENGINE(GetParam());
        engine_ = make_docker_cli(DockerCliOptions{.command = GetParam()});
        mark_ = test::unique_name("reeve-test");
    }
    void TearDown() override {
        if (!engine_) return;
        const auto left = run(engine_->list_containers(kKey, mark_));
        ASSERT_TRUE(left) << left.error().message();
        EXPECT_TRUE(run(engine_->remove_containers(*left)));
        const auto networks = run(engine_->list_networks(kKey, mark_));
        ASSERT_TRUE(networks) << networks.error().message();
        for (const auto& network : *networks) EXPECT_TRUE(run(engine_->remove_networks({network.id})));
        const auto volumes = run(engine_->list_volumes(kKey, mark_));
        ASSERT_TRUE(volumes) << volumes.error().message();
        for (const auto& volume : *volumes) EXPECT_TRUE(run(engine_->remove_volumes({volume.name})));
    }

    template <class T>
    T run(Task<T> task) {
        return test::run_to_end(loop_, std::move(task), seconds(90));
    }
    ContainerSpec spec(std::vector<std::string> args) {
        ContainerSpec spec;
        spec.name = mark_ + "-" + std::to_string(++made_);
        spec.image = test::test_image;
        spec.labels = {{kKey, mark_}};
        spec.options = {"--network", "none"};  // half the time of a bridge
        // podman asks for higher limits than a machine without CAP_SYS_RESOURCE may give.
        if (engine_->name() == "podman")
            spec.options.insert(spec.options.end(),
                                {"--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"});
        spec.args = std::move(args);
        return spec;
    }
    ContainerId create(ContainerSpec spec) {
        const auto id = run(engine_->create_container(std::move(spec)));
        EXPECT_TRUE(id) << id.error().message();
        return id ? *id : ContainerId{};
    }
    ContainerId start(ContainerSpec spec) {
        const ContainerId id = create(std::move(spec));
        const auto started = run(engine_->start_container(id));
        EXPECT_TRUE(started) << started.error().message();
        return id;
    }
    std::optional<ContainerInfo> inspect(const std::string& id_or_name) {
        const auto infos = run(engine_->inspect_containers({id_or_name}));
        EXPECT_TRUE(infos) << infos.error().message();
        if (!infos || infos->empty()) return std::nullopt;
        return infos->front();
    }
    // The client itself, for what is no verb of ours.
    ToolResult client(std::vector<std::string> args) {
        ToolCall call;
        call.program = *find_program(GetParam());
        call.args = std::move(args);
        const auto result = run(run_tool(std::move(call)));
        EXPECT_TRUE(result) << result.error().message();
        return result ? *result : ToolResult{};
    }

    asio::io_context loop_{1};
    std::unique_ptr<ContainerEngine> engine_;
    std::string mark_;
    int made_ = 0;
};

TEST_P(RealEngine, NamesItsServer) {
    const auto info = run(engine_->info());
    ASSERT_TRUE(info) << info.error().message();
    EXPECT_FALSE(info->version.empty());
    EXPECT_FALSE(info->engine_id.empty());
}

TEST_P(RealEngine, IsUnreachableAtAnEndpointWhereNobodyListens) {
    DockerCliOptions options;
    options.command = GetParam();
    options.endpoint = "unix:///nonexistent/engine.sock";
    const auto nobody = make_docker_cli(options);
    EXPECT_EQ(run(nobody->info()).error().code(), Errc::unreachable);
    EXPECT_EQ(run(nobody->list_containers(kKey, mark_)).error().code(), Errc::unreachable);
    EXPECT_EQ(run(nobody->remove_containers({{std::string(64, 'a')}})).error().code(), Errc::unreachable);
}

TEST_P(RealEngine, MakesFindsAndDescribesAContainer) {
    const ContainerSpec wanted = spec({"sleep", "600"});
    const ContainerId id = create(wanted);
    EXPECT_THAT(*run(engine_->list_containers(kKey, mark_)), Contains(id));
    EXPECT_THAT(*run(engine_->list_containers(kKey, "another")), Not(Contains(id)));
    EXPECT_THAT(*run(engine_->list_containers(kKey, "")), Contains(id));

    auto info = inspect(wanted.name);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->id, id);
    EXPECT_EQ(info->name, wanted.name);
    EXPECT_THAT(info->image, testing::EndsWith(test::test_image));  // podman puts localhost/ in front
    EXPECT_EQ(info->labels.at(kKey), mark_);
    EXPECT_FALSE(info->running);
    EXPECT_EQ(info->started_at, "");
    EXPECT_TRUE(from_rfc3339(info->created_at));

    ASSERT_TRUE(run(engine_->start_container(id)));
    EXPECT_TRUE(run(engine_->start_container(id))) << "starting twice is no failure";
    info = inspect(id.value);
    ASSERT_TRUE(info);
    EXPECT_TRUE(info->running);
    EXPECT_GT(info->pid, 1);
    EXPECT_TRUE(from_rfc3339(info->started_at));
}

TEST_P(RealEngine, RefusesASecondContainerOfOneNameInTheEnginesWords) {
    const ContainerSpec first = spec({"true"});
    create(first);
    const auto second = run(engine_->create_container(first));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Errc::failed);
    EXPECT_THAT(second.error().message(), HasSubstr(first.name));
}

TEST_P(RealEngine, StopsPoliteAndStubbornContainersAtOnce) {
    const ContainerId polite = start(spec({"sh", "-c", "trap 'exit 3' TERM; sleep 600 & wait"}));
    const ContainerId stubborn = start(spec({"sleep", "600"}));  // as process 1 it ignores TERM
    const ContainerId another = start(spec({"sleep", "600"}));
    const auto start = steady_clock::now();
    const auto stopped = run(engine_->stop_containers({polite, stubborn, another}, seconds(1)));
    ASSERT_TRUE(stopped) << stopped.error().message();
    EXPECT_LT(steady_clock::now() - start, seconds(8));
    EXPECT_EQ(inspect(polite.value)->exit_code, 3) << "the polite one had its signal";
    EXPECT_EQ(inspect(stubborn.value)->exit_code, 137);
    EXPECT_FALSE(inspect(another.value)->running);
    EXPECT_TRUE(run(engine_->stop_containers({polite, stubborn}, seconds(1))))
        << "stopping twice is no failure";
}

TEST_P(RealEngine, HonoursTheContainersOwnStopSignal) {
    ContainerSpec wanted = spec({"sh", "-c", "trap 'exit 7' USR1; trap 'exit 1' TERM; sleep 600 & wait"});
    wanted.options.insert(wanted.options.end(), {"--stop-signal", "USR1"});
    const ContainerId id = start(wanted);
    ASSERT_TRUE(run(engine_->stop_containers({id}, seconds(10))));
    EXPECT_EQ(inspect(id.value)->exit_code, 7);
}

TEST_P(RealEngine, RemovesRunningOnesWithTheirAnonymousVolumesAndNoOthers) {
    ContainerSpec wanted = spec({"sleep", "600"});
    wanted.options.insert(wanted.options.end(), {"-v", "/data"});
    const ContainerId id = start(wanted);
    const ContainerId other = create(spec({"true"}));
    const std::string volume =
        client({"inspect", "--format", "{{range .Mounts}}{{.Name}}{{end}}", id.value}).out.substr(0, 64);
    ASSERT_THAT(volume, SizeIs(64));

    const ContainerId gone = create(spec({"true"}));
    client({"rm", gone.value});
    const auto start_of_removal = steady_clock::now();
    const auto removed = run(engine_->remove_containers({gone, id}));
    EXPECT_LT(steady_clock::now() - start_of_removal, seconds(8)) << "it was asked to stop, not killed";
    ASSERT_TRUE(removed) << removed.error().message();
    EXPECT_FALSE(inspect(id.value));
    EXPECT_TRUE(inspect(other.value));
    EXPECT_NE(client({"volume", "inspect", volume}).exit_code, 0) << "its volume is left";
}

TEST_P(RealEngine, RemovesWhatIsBeingRemovedAlready) {
    ContainerSpec wanted = spec({"sleep", "600"});
    wanted.options.push_back("--rm");
    std::vector<ContainerId> ids;
    for (int i = 0; i < 3; ++i) {
        wanted.name += "x";
        ids.push_back(start(wanted));
    }
    ASSERT_TRUE(run(engine_->stop_containers(ids, seconds(0))));  // and the engine removes them on its own
    const auto removed = run(engine_->remove_containers(ids));
    EXPECT_TRUE(removed) << removed.error().message();
    EXPECT_THAT(*run(engine_->list_containers(kKey, mark_)), IsEmpty());
}

TEST_P(RealEngine, HandsTheEnvironmentOverWhole) {
    ContainerSpec wanted = spec({"sh", "-c", "echo \"$ODD|$DOCKER_HOST|$PATH\" >/proc/1/fd/1"});
    wanted.env = {
        {"ODD", "two\nlines = $HOME 'quoted' "}, {"DOCKER_HOST", "tcp://nowhere:1"}, {"PATH", "/bin"}};
    const ContainerId id = start(wanted);
    client({"wait", id.value});
    EXPECT_EQ(client({"logs", id.value}).out, "two\nlines = $HOME 'quoted' |tcp://nowhere:1|/bin\n");
}

TEST_P(RealEngine, ListsAndRemovesNetworksAndVolumesByLabel) {
    const std::string label = std::string(kKey) + "=" + mark_;
    // removed.
    ASSERT_EQ(client({"network", "create", "--label", label, mark_ + "-net"}).exit_code, 0);
    ASSERT_EQ(client({"volume", "create", "--label", label, mark_ + "-vol"}).exit_code, 0);

    const auto networks = run(engine_->list_networks(kKey, mark_));
    ASSERT_TRUE(networks) << networks.error().message();
    ASSERT_THAT(*networks, SizeIs(1));
    EXPECT_EQ(networks->front().name, mark_ + "-net");
    EXPECT_EQ(networks->front().labels.at(kKey), mark_);
    EXPECT_THAT(networks->front().id, SizeIs(64));
    const auto volumes = run(engine_->list_volumes(kKey, mark_));
    ASSERT_TRUE(volumes) << volumes.error().message();
    ASSERT_THAT(*volumes, SizeIs(1));

    EXPECT_TRUE(run(engine_->remove_networks({mark_ + "-net", mark_ + "-gone"})));
    EXPECT_TRUE(run(engine_->remove_volumes({mark_ + "-gone", mark_ + "-vol"})));
    EXPECT_THAT(*run(engine_->list_networks(kKey, mark_)), IsEmpty());
    EXPECT_THAT(*run(engine_->list_volumes(kKey, mark_)), IsEmpty());
}

TEST_P(RealEngine, KeepsAVolumeThatIsInUseAndSaysSo) {
    const std::string volume = mark_ + "-vol";
    client({"volume", "create", "--label", std::string(kKey) + "=" + mark_, volume});
    ContainerSpec wanted = spec({"true"});
    wanted.options.insert(wanted.options.end(), {"-v", volume + ":/data"});
    const ContainerId id = create(wanted);
    EXPECT_EQ(run(engine_->remove_volumes({volume})).error().code(), Errc::failed);
    ASSERT_TRUE(run(engine_->remove_containers({id})));
    EXPECT_TRUE(run(engine_->remove_volumes({volume})));
}

Task<Status> live(ContainerEngine& engine, ContainerSpec spec) {
    const Result<ContainerId> id = co_await engine.create_container(std::move(spec));
    if (!id) co_return id.error();
    const Status started = co_await engine.start_container(*id);
    if (!started) co_return started.error();
    std::vector<ContainerId> ids = {*id};
    co_return co_await engine.remove_containers(std::move(ids));
}

// One container's life, seen by a stream that was asked for before it began.
Task<Result<std::vector<EngineEvent>>> watch_a_life(ContainerEngine& engine, std::string mark,
                                                    ContainerSpec spec) {
    const Executor executor = co_await asio::this_coro::executor;
    std::vector<EngineEvent> events;
    Status ended;
    bool gone = false;
    asio::steady_timer destroyed(executor, seconds(30));
    const std::function<void(const EngineEvent&)> on_event = [&](const EngineEvent& event) {
        events.push_back(event);
        if (event.action != "destroy") return;
        gone = true;
        destroyed.cancel();
    };
    const auto follow = [](ContainerEngine& e, std::string value, std::function<void(const EngineEvent&)> f,
                           Status& into) -> Task<void> { into = co_await e.follow_events(kKey, value, f); };
    TaskGroup group(executor, [](const std::string& bug) { ADD_FAILURE() << bug; });
    group.spawn(follow(engine, mark, on_event, ended));

    const Status lived = co_await live(engine, std::move(spec));
    if (lived && !gone) {
        const auto [ec] = co_await destroyed.async_wait(as_result);
        (void)ec;
    }
    group.cancel();
    co_await group.join();
    if (!lived) co_return lived.error();
    EXPECT_EQ(ended.error().code(), Errc::cancelled);
    co_return events;
}

TEST_P(RealEngine, TellsOfAContainersLifeFromTheMomentOfTheCallOn) {
    const auto events = run(watch_a_life(*engine_, mark_, spec({"sleep", "600"})));
    ASSERT_TRUE(events) << events.error().message();
    std::vector<std::string> actions;
    for (const EngineEvent& event : *events) {
        actions.push_back(event.action);
        EXPECT_EQ(event.labels.at(kKey), mark_);
        if (event.action == "die") {
            EXPECT_EQ(event.exit_code, 137);
        }
    }
    for (const char* action : {"create", "start", "die", "destroy"}) EXPECT_THAT(actions, Contains(action));
}

// podman lets systemd time its health checks, and there may be none.
class EngineWithOwnHealthChecks : public RealEngine {};

TEST_P(EngineWithOwnHealthChecks, DescribesHealth) {
    ContainerSpec wanted = spec({"sleep", "600"});
    wanted.options.insert(wanted.options.end(), {"--health-cmd", "true", "--health-interval", "1h"});
    const ContainerId id = start(wanted);
    EXPECT_EQ(inspect(id.value)->health, "starting");
}

INSTANTIATE_TEST_SUITE_P(Docker, EngineWithOwnHealthChecks, testing::Values("docker"));
INSTANTIATE_TEST_SUITE_P(Each, RealEngine, testing::Values("docker", "podman"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace reeve

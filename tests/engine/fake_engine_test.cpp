// The fake that other tests stand on keeps the contract's main promises itself.
#include "support/fake_engine.hpp"

#include "support/run_to_end.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

using testing::ElementsAre;

TEST(FakeEngine, LivesThroughAContainersLife) {
    asio::io_context loop(1);
    test::FakeEngine engine;
    ContainerSpec spec;
    spec.name = "web";
    spec.labels = {{"reeve.store", "s"}};
    const auto id = test::run_to_end(loop, engine.create_container(spec));
    ASSERT_TRUE(id);
    EXPECT_TRUE(test::run_to_end(loop, engine.start_container(*id)));
    EXPECT_TRUE(test::run_to_end(loop, engine.inspect_containers({"web"}))->front().running);
    EXPECT_THAT(*test::run_to_end(loop, engine.list_containers("reeve.store", "s")), ElementsAre(*id));
    EXPECT_TRUE(test::run_to_end(loop, engine.stop_containers({*id}, std::chrono::seconds(1))));
    EXPECT_TRUE(test::run_to_end(loop, engine.remove_containers({*id})));
    EXPECT_TRUE(test::run_to_end(loop, engine.remove_containers({*id})));
    EXPECT_TRUE(engine.containers.empty());
}

TEST(FakeEngine, MakesExactlyOneVerbFail) {
    asio::io_context loop(1);
    test::FakeEngine engine;
    const ContainerId id = engine.add_container("web", {{"reeve.store", "s"}});
    engine.fails_once["remove_containers"] = Error(Errc::timed_out, "removing");
    EXPECT_FALSE(test::run_to_end(loop, engine.remove_containers({id})));
    EXPECT_EQ(engine.containers.size(), 1u);
    EXPECT_TRUE(test::run_to_end(loop, engine.remove_containers({id})));
    EXPECT_TRUE(engine.containers.empty());
    EXPECT_EQ(engine.calls.size(), 2u);
}

}  // namespace
}  // namespace reeve

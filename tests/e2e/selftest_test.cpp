// The user's own acceptance test, played on this machine: kill -9 everything, count survivors and innocents.
#include "support/run_program.hpp"
#include "support/test_image.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <map>
#include <string>

namespace reeve {
namespace {

using test::Program;
using test::run_program;
using Json = nlohmann::json;

TEST(Selftest, FindsNoSurvivorAndNoInnocentHurtWhoeverIsKilled) {
    Program program;
    program.argv = {REEVE_BINARY, "selftest", "--json"};
    const bool engine = test::why_no_engine().empty();
    if (engine) {
        program.argv.emplace_back("--image");
        program.argv.emplace_back(test::test_image);
    }
    program.env = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"HOME", "/"}};
    program.limit = std::chrono::seconds(115);
    const auto ended = run_program(program);
    const Json scenarios = Json::parse(ended.out, nullptr, false);
    ASSERT_TRUE(scenarios.is_array()) << ended.out << ended.err;
    std::map<std::string, int> played;
    int with_container = 0;
    for (const Json& scenario : scenarios) {
        with_container += scenario["containers"] == 1 ? 1 : 0;
        EXPECT_EQ(scenario["containers_left"], 0) << scenario;
        ++played[scenario["containment"].is_string() ? scenario["containment"].get<std::string>() : "exec"];
        EXPECT_GT(scenario["processes"], 12) << scenario;
        EXPECT_EQ(scenario["survivors"], 0) << scenario;
        EXPECT_EQ(scenario["innocents"], 0) << scenario;
        EXPECT_TRUE(scenario["passed"]) << scenario;
    }
    // Where there are control groups, everything is played with and without them.
    EXPECT_EQ(played["subreaper"], 7) << scenarios;
    if (played.contains("cgroup")) {
        EXPECT_EQ(played["cgroup"], 5) << scenarios;
    }
    EXPECT_EQ(with_container, engine ? 5 : 0) << scenarios;
    EXPECT_EQ(played["exec"], played.contains("cgroup") ? 4 : 2);
    EXPECT_EQ(ended.code, 0) << ended.err;
}

TEST(Selftest, FailsWhenTheImageThatWasAskedForIsNotThere) {
    Program program;
    program.argv = {REEVE_BINARY, "selftest", "--image", "no-such-image-anywhere"};
    program.env = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"HOME", "/"}};
    program.limit = std::chrono::seconds(115);
    const auto ended = run_program(program);
    EXPECT_EQ(ended.code, 1) << ended.out;
    EXPECT_THAT(ended.err, testing::StartsWith("reeve: "));
}

}  // namespace
}  // namespace reeve

// stream_tool: lines as they come, and the ways in which a stream ends.
#include "tool_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

class ToolStream : public test::ToolTest {};

TEST_F(ToolStream, StreamsLinesAsTheyCome) {
    std::vector<std::string> lines;
    ToolCall call = shell("printf 'one\\ntw'; printf 'o\\n\\nlast'");
    const auto result = test::run_to_end(loop_, stream_tool(call, [&](std::string_view line) {
                                             lines.emplace_back(line);
                                             return true;
                                         }));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_THAT(lines, testing::ElementsAre("one", "two", "", "last"));
}

TEST_F(ToolStream, KnowsNoDeadlineForAStreamButEndsAnEndlessLine) {
    ToolCall call = shell("sleep 0.3; echo late");
    call.limit = milliseconds(50);
    int lines = 0;
    ASSERT_TRUE(test::run_to_end(loop_, stream_tool(call, [&](std::string_view) { return ++lines > 0; })));
    EXPECT_EQ(lines, 1);

    call = shell("while :; do printf xxxxxxxxxxxxxxxx; done");
    call.max_output = 10'000;
    EXPECT_EQ(
        test::run_to_end(loop_, stream_tool(call, [](std::string_view) { return true; })).error().code(),
        Errc::too_large);
}

TEST_F(ToolStream, EndsAStreamWhoseListenerHasHeardEnough) {
    ToolCall call = shell("echo one; echo two; exec sleep 600");
    int lines = 0;
    const auto result = test::run_to_end(loop_, stream_tool(call, [&](std::string_view) {
                                             ++lines;
                                             return false;
                                         }));
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->exit_code, 0);
    EXPECT_EQ(lines, 1);
}

TEST_F(ToolStream, EndsAStreamWhoseListenerThrowsWithoutTakingTheLoopDown) {
    ToolCall call = shell("echo one; exec sleep 600");
    const auto result = test::run_to_end(
        loop_, stream_tool(call, [](std::string_view) -> bool { throw std::runtime_error("listener"); }));
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message(), HasSubstr("listener"));
}

}  // namespace
}  // namespace reeve

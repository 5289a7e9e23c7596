#include "os/darwin/proc_args.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace reeve::darwin {
namespace {

// As the kernel of macOS lays it out: the count, the path, NULs up to a word, argv, environment.
std::string block_of(int count, const std::string& rest) {
    std::string block(sizeof count, '\0');
    std::memcpy(block.data(), &count, sizeof count);
    return block + rest;
}

using namespace std::string_literals;

TEST(DarwinArguments, AreCountedAndWhatFollowsIsTheEnvironment) {
    const Arguments found = parse_arguments(
        block_of(3, "/bin/sleep\0\0\0\0sleep\0-x\0A=argument\0A=1\0REEVE_INSTANCE=i\0\0stack_guard=0\0"s));
    EXPECT_EQ(found.command, "sleep -x A=argument");
    EXPECT_EQ(found.environment, "A=1\0REEVE_INSTANCE=i\0\0stack_guard=0\0"s);
}

TEST(DarwinArguments, NeedNoEnvironment) {
    const Arguments found = parse_arguments(block_of(1, "/bin/sleep\0\0sleep\0"s));
    EXPECT_EQ(found.command, "sleep");
    EXPECT_EQ(found.environment, "");
}

TEST(DarwinArguments, SurviveABlockThatIsCutAnywhere) {
    const std::string whole = block_of(2, "/bin/sleep\0\0sleep\0008\0A=1\0"s);
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        const Arguments found = parse_arguments(std::string_view(whole).substr(0, length));
        EXPECT_THAT(std::string("sleep 8"), testing::StartsWith(found.command)) << length;
        EXPECT_THAT("A=1\0"s, testing::StartsWith(found.environment)) << length;
    }
}

TEST(DarwinArguments, SurviveACountThatIsALie) {
    for (const int count : {-1, 0, 1'000'000}) {
        const Arguments found = parse_arguments(block_of(count, "/bin/sleep\0sleep\0A=1\0"s));
        EXPECT_EQ(found.command, count > 0 ? "sleep A=1" : "") << count;
    }
}

}  // namespace
}  // namespace reeve::darwin

#include "architecture/co_await_rules.hpp"
#include "architecture/source_tree.hpp"

#include <gtest/gtest.h>

#include <set>

namespace reeve::test {
namespace {

std::string text_of(const std::filesystem::path& relative) {
    std::string text;
    for (const auto& line : lines_of(relative)) text += line + '\n';
    return text;
}

const std::filesystem::path kSamples = "tests/architecture/co_await_samples";

TEST(CoAwait, RefusesEveryMarkedLineOfTheBadSampleAndNoOther) {
    std::set<std::size_t> marked;
    std::size_t number = 0;
    for (const auto& line : lines_of(kSamples / "bad.cpp")) {
        ++number;
        if (line.ends_with("// bad")) marked.insert(number);
    }
    ASSERT_GT(marked.size(), 20U);
    std::set<std::size_t> found;
    for (const Await& await : awaits_in(text_of(kSamples / "bad.cpp"))) {
        if (!await.why_bad.empty()) found.insert(await.line);
    }
    EXPECT_EQ(found, marked);
}

TEST(CoAwait, IsSilentAboutTheGoodSample) {
    for (const Await& await : awaits_in(text_of(kSamples / "good.cpp")))
        EXPECT_EQ(await.why_bad, "") << await.line;
}

TEST(CoAwait, StandsWhereNoCompilerGetsItWrong) {
    std::size_t awaits = 0;
    for (const auto& file : sources_below({"lib", "daemon", "tests"})) {
        if (file.parent_path() == kSamples) continue;
        for (const Await& await : awaits_in(text_of(file))) {
            ++awaits;
            EXPECT_EQ(await.why_bad, "") << file.generic_string() << ":" << await.line;
        }
    }
    EXPECT_GT(awaits, 400U);
}

}  // namespace
}  // namespace reeve::test

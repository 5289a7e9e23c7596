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
    for (const auto& bad : bad_awaits(text_of(kSamples / "bad.cpp"))) found.insert(bad.line);
    EXPECT_EQ(found, marked);
}

TEST(CoAwait, IsSilentAboutTheGoodSample) {
    for (const auto& bad : bad_awaits(text_of(kSamples / "good.cpp")))
        ADD_FAILURE() << bad.line << ": " << bad.why;
}

TEST(CoAwait, StandsWhereNoCompilerGetsItWrong) {
    std::size_t awaits = 0;
    for (const auto& file : sources_below({"lib", "daemon", "tests"})) {
        if (file.parent_path() == kSamples) continue;
        const std::string text = text_of(file);
        for (const auto& bad : bad_awaits(text))
            ADD_FAILURE() << file.generic_string() << ":" << bad.line << ": co_await " << bad.why;
        const std::string code = code_only(text);
        for (std::size_t at = code.find("co_await"); at != code.npos; at = code.find("co_await", at + 1))
            ++awaits;
    }
    EXPECT_GT(awaits, 400U);
}

}  // namespace
}  // namespace reeve::test

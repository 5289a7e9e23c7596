// docs/seed-defects.md promises a test for every defect: it must name tests that exist, for every row.
#include "architecture/source_tree.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>

namespace reeve::test {
namespace {

// "Suite.Name" of every test in the sources, also where the macro goes over two lines.
std::set<std::string> existing_tests() {
    std::set<std::string> names;
    const std::regex macro(R"(TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\))");
    for (const auto& file : sources_below({"tests"})) {
        std::string text;
        for (const auto& line : lines_of(file)) text += line + "\n";
        for (std::sregex_iterator it(text.begin(), text.end(), macro), end; it != end; ++it)
            names.insert((*it)[1].str() + "." + (*it)[2].str());
    }
    return names;
}

// What stands in the last column of each row.
std::map<std::string, std::string> rows() {
    std::map<std::string, std::string> found;
    std::ifstream table(kSourceRoot / "docs/seed-defects.md");
    const std::regex row(R"(^\| ([ABC]\d+) \| (.*) \| (.*) \|$)");
    std::smatch parts;
    for (std::string line; std::getline(table, line);) {
        if (!std::regex_match(line, parts, row)) continue;
        EXPECT_TRUE(found.emplace(parts[1], parts[3]).second) << parts[1] << " stands there twice";
    }
    return found;
}

TEST(SeedDefects, EveryRowHasItsTestsOrTheReasonWhyNot) {
    const auto table = rows();
    for (const auto& [letter, count] : {std::pair{"A", 21}, std::pair{"B", 25}, std::pair{"C", 11}}) {
        for (int i = 1; i <= count; ++i)
            EXPECT_TRUE(table.contains(letter + std::to_string(i))) << letter << i << " is missing";
    }
    EXPECT_EQ(table.size(), 57U);
    for (const auto& [row, tests] : table) EXPECT_FALSE(tests.empty()) << row;
}

TEST(SeedDefects, EveryTestThatIsNamedExists) {
    const auto tests = existing_tests();
    ASSERT_TRUE(tests.contains("SeedDefects.EveryTestThatIsNamedExists"));
    const std::regex quoted("`([^`]+)`");
    const std::regex test_name(R"([A-Z]\w+\.[A-Z]\w+)");
    int named = 0;
    for (const auto& [row, text] : rows()) {
        for (std::sregex_iterator it(text.begin(), text.end(), quoted), end; it != end; ++it) {
            const std::string name = (*it)[1];
            if (name.starts_with("tests/")) {
                EXPECT_TRUE(std::filesystem::exists(kSourceRoot / name)) << row << ": " << name;
            } else if (std::regex_match(name, test_name)) {
                ++named;
                EXPECT_TRUE(tests.contains(name)) << row << " names " << name << ", which does not exist";
            }
        }
    }
    EXPECT_GT(named, 50);
}

// Tests that carry a row in their name stand in that row: `ctest -R B20_` and the table agree.
TEST(SeedDefects, EveryTestThatIsNamedAfterARowStandsInIt) {
    const auto table = rows();
    const std::regex after_a_row(R"(SeedDefect\w*\.([ABC]\d+)_\w+)");
    std::smatch parts;
    for (const std::string& name : existing_tests()) {
        if (!std::regex_match(name, parts, after_a_row)) continue;
        const auto row = table.find(parts[1]);
        ASSERT_NE(row, table.end()) << name;
        EXPECT_NE(row->second.find("`" + name + "`"), std::string::npos) << name << " is not in its row";
    }
}

}  // namespace
}  // namespace reeve::test

// Rules about the text of the sources that no compiler knows.
#include "architecture/source_tree.hpp"

#include <gtest/gtest.h>

namespace reeve::test {
namespace {

// What breaks a rule: "file:line: text" for every line that holds one of the words. The words are written in
// two halves in this file, so that it does not find itself.
std::vector<std::string> lines_with(std::initializer_list<std::string_view> folders,
                                    const std::vector<std::string>& words) {
    std::vector<std::string> found;
    for (const auto& file : sources_below(folders)) {
        int number = 0;
        for (const auto& line : lines_of(file)) {
            ++number;
            const auto holds = [&](const std::string& word) { return line.find(word) != std::string::npos; };
            if (!std::any_of(words.begin(), words.end(), holds)) continue;
            found.push_back(file.generic_string() + ":" + std::to_string(number) + ": " + line);
        }
    }
    return found;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += "\n  " + line;
    return text;
}

TEST(TextRules, FindWhatTheyLookFor) {
    EXPECT_FALSE(lines_with({"lib"}, {"namespace reeve"}).empty());
    EXPECT_FALSE(lines_with({"tests"}, {std::string("FindWhat") + "TheyLookFor"}).empty());
}

TEST(TextRules, NothingIsLeftToDoNow) {
    const auto found = lines_with({"lib", "daemon", "tests"}, {std::string("TODO(") + "now)"});
    EXPECT_TRUE(found.empty()) << joined(found);
}

// A test waits for a condition with a deadline. Its pause between two looks, where the kernel cannot tell,
// belongs to the waiting helper, which uses poll(2).
TEST(TextRules, NoTestSleeps) {
    const auto found = lines_with({"tests"}, {std::string("sleep_") + "for", std::string("sleep_") + "until",
                                              std::string("nano") + "sleep", std::string("usle") + "ep(",
                                              std::string("::sle") + "ep("});
    EXPECT_TRUE(found.empty()) << "wait for the condition instead:" << joined(found);
}

TEST(TextRules, SystemsDifferInFilesAndNotInConditionals) {
    const auto found = lines_with({"lib", "daemon"}, {"__APP"
                                                      "LE__",
                                                      "__lin"
                                                      "ux__",
                                                      "__FreeB"
                                                      "SD__"});
    EXPECT_TRUE(found.empty()) << "give each system a file of its own:" << joined(found);
}

TEST(TextRules, EveryTaskHasAnOwnerThatJoinsIt) {
    const auto found = lines_with({"lib", "daemon"}, {"asio::deta"
                                                      "ched"});
    EXPECT_TRUE(found.empty()) << "spawn it in a TaskGroup:" << joined(found);
}

TEST(TextRules, AFileHasOneIdea) {
    for (const auto& file : sources_below({"lib", "daemon"})) {
        EXPECT_LE(lines_of(file).size(), 400U) << file.generic_string() << " is too long to have one idea";
    }
}

}  // namespace
}  // namespace reeve::test

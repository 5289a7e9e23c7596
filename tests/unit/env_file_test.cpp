#include "reeve/model/env_file.hpp"

#include "reeve/model/line_pattern.hpp"
#include "reeve/model/output_tail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reeve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::map<std::string, std::string> variables_in(const std::string& text) {
    const auto read = parse_env_file(text, "f");
    EXPECT_TRUE(read.ok()) << text;
    return read.ok() ? *read : std::map<std::string, std::string>();
}

TEST(EnvFile, ReadsEveryForm) {
    EXPECT_THAT(
        variables_in("# comment\n\n  A= b c \nexport B=2\r\nC='x $Y \\n \"'\nD=\"a\\tb\\n\\\"\\\\\\$\"\n"
                     "E=\nF=a#b=c\nG=${A}"),
        ElementsAre(Pair("A", "b c"), Pair("B", "2"), Pair("C", "x $Y \\n \""), Pair("D", "a\tb\n\"\\$"),
                    Pair("E", ""), Pair("F", "a#b=c"), Pair("G", "${A}")));
}

TEST(EnvFile, TheLaterLineWins) { EXPECT_THAT(variables_in("A=1\nA=2"), ElementsAre(Pair("A", "2"))); }

TEST(EnvFile, NamesTheLineAndNeverTheValue) {
    for (const char* line : {"A", "1A=canary", "=canary", "A='canary", "A=\"canary\" x", "A=\"canary\\q\"",
                             "REEVE_STORE=canary", "A b=canary"}) {
        const auto read = parse_env_file("# first\n" + std::string(line) + "\n", "the file f");
        ASSERT_FALSE(read.ok()) << line;
        EXPECT_THAT(read.error().message(), HasSubstr("reading the file f, line 2: ")) << line;
        EXPECT_THAT(read.error().message(), Not(HasSubstr("canary"))) << line;
    }
    EXPECT_FALSE(parse_env_file(std::string("A=a\0b", 5), "f").ok());
}

LineMatcher matcher(const std::string& pattern) { return LineMatcher(*LinePattern::compile(pattern)); }

TEST(LineMatcher, FindsALineThatCameInPieces) {
    for (std::size_t cut = 0; cut <= 12; ++cut) {
        LineMatcher lines = matcher("ready to [a-z]+");
        const std::string text = "no\nready to go\n";
        const bool first = lines.feed(std::string_view(text).substr(0, cut));
        const bool second = lines.feed(std::string_view(text).substr(cut));
        EXPECT_TRUE(first || second) << cut;
    }
}

TEST(LineMatcher, DoesNotMatchAcrossLines) {
    LineMatcher lines = matcher("a.*b");
    EXPECT_FALSE(lines.feed("a\nb\n"));
    EXPECT_TRUE(lines.feed("a b"));
}

TEST(LineMatcher, SurvivesLinesOfAnyLengthAndAnyBytes) {
    LineMatcher lines = matcher("(x+x+)+y|needle");
    const std::string megabyte(1 << 20, 'x');
    EXPECT_FALSE(lines.feed(megabyte));
    EXPECT_FALSE(lines.feed(megabyte));
    EXPECT_TRUE(lines.feed(std::string("\n\0\xff needle", 10)));
}

TEST(OutputTail, KeepsTheLastTenLinesAndNoSecret) {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "line " + std::to_string(i) + "\n";
    const std::string tail =
        output_tail(text + "token=canary-4711\x1b[2J\n", {{"TOKEN", "canary-4711"}, {"S", "line"}});
    EXPECT_THAT(tail, HasSubstr("line 91\n"));
    EXPECT_THAT(tail, Not(HasSubstr("line 90\n")));
    EXPECT_THAT(tail, HasSubstr("token=***\\x1b[2J")) << "nothing in it can move a cursor";
    EXPECT_LT(output_tail(std::string(1 << 20, 'x'), {}).size(), 400U);
    EXPECT_EQ(output_tail("", {}), "");
    EXPECT_EQ(output_tail("\n\n", {}), "");
}

}  // namespace
}  // namespace reeve

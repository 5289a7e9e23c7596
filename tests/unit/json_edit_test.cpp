#include "model/json_edit.hpp"

#include "model/json_tree.hpp"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(JsonEdit, AppliesChangesInAnyOrderAndKeepsTheRest) {
    EXPECT_EQ(apply_changes("abcdef", {{4, 5, "X"}, {0, 0, ">"}, {1, 3, ""}, {6, 6, "<"}}), ">adXf<");
    EXPECT_EQ(apply_changes("abc", {}), "abc");
}

TEST(JsonEdit, SkipsWhiteSpaceAndBothKindsOfComments) {
    const std::string text = " \r\n// one \"\n/* two , ] */\t x";
    EXPECT_EQ(skip_blank(text, 0), text.size() - 1);
    EXPECT_EQ(skip_blank("/* open", 0), 7u);
    EXPECT_EQ(skip_blank("// open", 0), 7u);
    EXPECT_EQ(skip_blank("/x", 0), 0u);
}

TEST(JsonEdit, BlanksTrailingCommasAndNothingElse) {
    EXPECT_EQ(without_trailing_commas(R"({"a": [1, 2,], "b": {"c": 3,},})"),
              R"({"a": [1, 2 ], "b": {"c": 3 } })");
    EXPECT_EQ(without_trailing_commas("[1, // ,]\n/* ,] */ ]"), "[1  // ,]\n/* ,] */ ]");
    for (const char* kept : {R"({"a": ",]", "b": "\",}"})", "[,]", "{,}", "[1,,]x", R"(["\\", 1])"}) {
        EXPECT_EQ(without_trailing_commas(kept).find_first_of(' ') == std::string::npos,
                  std::string(kept).find(' ') == std::string::npos)
            << kept;
    }
    EXPECT_EQ(without_trailing_commas("[,]"), "[,]");
    EXPECT_EQ(without_trailing_commas(R"({"a": ",]"})"), R"({"a": ",]"})");
}

TEST(JsonTree, KnowsWhereEveryValueEnds) {
    const std::string text = R"({"a":"x\"y" , "b":[1.5,-2 ,true], "c":{"d":null}, "e":7})";
    ProblemList problems;
    const auto root = parse_json_tree(text, problems);
    ASSERT_TRUE(root);
    const auto raw = [&](const JsonNode& node) { return text.substr(node.offset, node.end - node.offset); };
    EXPECT_EQ(raw(*root), text);
    EXPECT_EQ(raw(*root->find("a")), R"("x\"y")");
    EXPECT_EQ(raw(*root->find("b")), "[1.5,-2 ,true]");
    EXPECT_EQ(raw(root->find("b")->children[0]), "1.5");
    EXPECT_EQ(raw(root->find("b")->children[1]), "-2");
    EXPECT_EQ(raw(root->find("b")->children[2]), "true");
    EXPECT_EQ(raw(*root->find("c")), R"({"d":null})");
    EXPECT_EQ(raw(*root->find("c")->find("d")), "null");
    EXPECT_EQ(raw(*root->find("e")), "7");
}

}  // namespace
}  // namespace reeve

#include "reeve/base/text.hpp"

#include <gtest/gtest.h>

namespace reeve {
namespace {

TEST(Text, ShowsNothingThatMovesACursor) {
    EXPECT_EQ(printable("a\x1b[2J\n\t\x7f"), "a\\x1b[2J\\n\\t\\x7f");
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");
}

TEST(Text, KeepsUtf8AndEscapesWhatIsNot) {
    EXPECT_EQ(printable("grün ✓ 😀"), "grün ✓ 😀");
    EXPECT_EQ(printable("\xff"), "\\xff");
    EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");           // overlong
    EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
    EXPECT_EQ(printable("\xe2\x9c"), "\\xe2\\x9c");           // cut off
}

TEST(Text, ShortensAtCharacters) {
    EXPECT_EQ(shortened("äöü", 3), "äöü");
    EXPECT_EQ(shortened("äöü", 2), "äö...");
    EXPECT_EQ(character_count("äöü"), 3u);
}

TEST(Text, GuessesTheWordThatWasMeant) {
    const std::vector<std::string> known{"command", "image", "env", "after", "status", "start", "TERM"};
    EXPECT_EQ(nearest("comand", known), "command");
    EXPECT_EQ(nearest("statsu", known), "status");  // two neighbours swapped
    EXPECT_EQ(nearest("strat", known), "start");
    EXPECT_EQ(nearest("Image", known), "image");
    EXPECT_EQ(nearest("environment", known), "env");
    EXPECT_EQ(nearest("SIGTERM", known), "TERM");
}

TEST(Text, GuessesNothingWhenNothingIsNear) {
    const std::vector<std::string> known{"command", "image"};
    EXPECT_EQ(nearest("", known), std::nullopt);
    EXPECT_EQ(nearest("xyz", known), std::nullopt);
    EXPECT_EQ(nearest(std::string(100'000, 'c'), known), std::nullopt);
}

}  // namespace
}  // namespace reeve

#include "reeve/base/time_text.hpp"

#include <gtest/gtest.h>

namespace reeve {
namespace {

using std::chrono::milliseconds;

TEST(TimeText, WritesUtcWithMillisecondsAndReadsItBack) {
    const auto when = std::chrono::system_clock::time_point(milliseconds(1'795'226'640'123));
    EXPECT_EQ(to_rfc3339(when), "2026-11-21T02:04:00.123Z");
    EXPECT_EQ(from_rfc3339("2026-11-21T02:04:00.123Z"), when);
}

TEST(TimeText, ReadsTheOffsetAndMicrosecondsOfOtherWriters) {
    EXPECT_EQ(from_rfc3339("2026-11-21T04:04:00.123456+02:00"),
              std::chrono::system_clock::time_point(std::chrono::microseconds(1'795'226'640'123'456)));
}

TEST(TimeText, RefusesWhatIsNoTime) {
    for (const char* text :
         {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-21T02:04:00",
          "2026-11-21T02:04:00.Z", "2026-11-21T02:04:00Zx", "not a time"}) {
        EXPECT_FALSE(from_rfc3339(text)) << text;
    }
}

TEST(TimeText, ReadsDurationsWithUnitsOnly) {
    EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
    EXPECT_EQ(parse_duration("1.5s"), milliseconds(1500));
    EXPECT_EQ(parse_duration("2m"), milliseconds(120'000));
    EXPECT_EQ(parse_duration("0.1s"), milliseconds(100));
    EXPECT_EQ(parse_duration("1.005s"), milliseconds(1005));
    EXPECT_EQ(parse_duration("0000000000000000000001s"), milliseconds(1000));
    for (const char* text : {"", "5", "s", "-1s", "1 s", "inf", "nans", "1e9d", "0x10s", "400d", "1.s", ".5s",
                             "1.5.2s", "1,5s"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

TEST(TimeText, WritesDurationsInTheirShortestExactForm) {
    for (const char* text : {"250ms", "90s", "1m", "2h", "1500ms"}) {
        EXPECT_EQ(format_duration(*parse_duration(text)), text);
    }
}

TEST(TimeText, ReadsSizes) {
    EXPECT_EQ(parse_size("10MiB"), 10u * 1024 * 1024);
    EXPECT_EQ(parse_size("512"), 512u);
    EXPECT_FALSE(parse_size("10 MB"));
    EXPECT_FALSE(parse_size("-1"));
}

}  // namespace
}  // namespace reeve

// Times and durations as people and files write them.
#pragma once

#include "reeve/base/result.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace reeve {

// RFC 3339 in UTC with milliseconds and Z: "2026-11-21T02:04:00.123Z".
std::string to_rfc3339(std::chrono::system_clock::time_point when);
std::string now_rfc3339();
// Accepts Z or a numeric offset, and a fraction of any length. Nothing when it is no such time.
std::optional<std::chrono::system_clock::time_point> from_rfc3339(std::string_view text);

// "250ms", "5s", "2m", "1h", "1.5s": a number and a unit, nothing else. Never negative, at most 366 days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest exact form: 90000 -> "90s", 60000 -> "1m", 250 -> "250ms".
std::string format_duration(std::chrono::milliseconds duration);
// "10MiB", "64KiB", "1GiB", "512": bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace reeve

#include "reeve/base/time_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace reeve {
namespace {

using std::chrono::milliseconds;

// A fixed-width decimal field; advances `at`.
std::optional<int> digits(std::string_view text, std::size_t& at, std::size_t width) {
    if (at + width > text.size()) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
        const char c = text[at + i];
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + (c - '0');
    }
    at += width;
    return value;
}

bool skip(std::string_view text, std::size_t& at, char wanted) {
    if (at >= text.size() || text[at] != wanted) return false;
    ++at;
    return true;
}

// How many digits stand at the front.
std::size_t count_digits(std::string_view text) {
    return std::min(text.find_first_not_of("0123456789"), text.size());
}

// "12" or "1.5", and what follows it. strtod would take "inf", "0x10" and leading blanks, and the point from
// the locale; the library of macOS has no std::from_chars for a double.
std::optional<std::pair<double, std::string_view>> number_and_unit(std::string_view text) {
    const std::size_t whole = count_digits(text);
    if (whole == 0 || text.size() > 24) return std::nullopt;
    std::string_view unit = text.substr(whole);
    std::string_view fraction;
    if (unit.starts_with('.')) {
        fraction = unit.substr(1, count_digits(unit.substr(1)));
        if (fraction.empty()) return std::nullopt;
        unit.remove_prefix(1 + fraction.size());
    }
    // All digits as one whole number, divided once: up to 15 of them that is as exact as a double can be.
    double value = 0;
    for (const std::string_view part : {text.substr(0, whole), fraction}) {
        for (const char digit : part) value = value * 10 + (digit - '0');
    }
    double divisor = 1;  // exact up to 10^22
    for (std::size_t i = 0; i < fraction.size(); ++i) divisor *= 10;
    return std::pair{value / divisor, unit};
}

// Of a number that is not negative and far from the largest. By hand, as the division above is: two calls
// would be all that we need of the mathematics library, which every start would load for them.
std::int64_t nearest(double number) { return static_cast<std::int64_t>(number + 0.5); }

}  // namespace

std::string to_rfc3339(std::chrono::system_clock::time_point when) {
    const auto ms = std::chrono::floor<milliseconds>(when);
    const auto seconds = std::chrono::floor<std::chrono::seconds>(ms);
    const std::time_t t = std::chrono::system_clock::to_time_t(seconds);
    std::tm utc{};
    gmtime_r(&t, &utc);
    std::array<char, 64> text{};
    const int length = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                                     utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min,
                                     utc.tm_sec, static_cast<int>((ms - seconds).count()));
    return {text.data(), static_cast<std::size_t>(length)};
}

std::string now_rfc3339() { return to_rfc3339(std::chrono::system_clock::now()); }

std::optional<std::chrono::system_clock::time_point> from_rfc3339(std::string_view text) {
    std::size_t at = 0;
    const auto year = digits(text, at, 4);
    if (!year || !skip(text, at, '-')) return std::nullopt;
    const auto month = digits(text, at, 2);
    if (!month || !skip(text, at, '-')) return std::nullopt;
    const auto day = digits(text, at, 2);
    if (!day || !(skip(text, at, 'T') || skip(text, at, 't') || skip(text, at, ' '))) return std::nullopt;
    const auto hour = digits(text, at, 2);
    if (!hour || !skip(text, at, ':')) return std::nullopt;
    const auto minute = digits(text, at, 2);
    if (!minute || !skip(text, at, ':')) return std::nullopt;
    const auto second = digits(text, at, 2);
    if (!second) return std::nullopt;
    long nanos = 0;
    if (skip(text, at, '.')) {
        long unit = 100'000'000;
        const std::size_t first = at;
        for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
            nanos += (text[at] - '0') * unit;
        if (at == first) return std::nullopt;
    }
    std::chrono::minutes offset{0};
    if (!skip(text, at, 'Z') && !skip(text, at, 'z')) {
        const bool behind = at < text.size() && text[at] == '-';
        if (!skip(text, at, '+') && !skip(text, at, '-')) return std::nullopt;
        const auto h = digits(text, at, 2);
        if (!h || !skip(text, at, ':')) return std::nullopt;
        const auto m = digits(text, at, 2);
        if (!m || *h > 23 || *m > 59) return std::nullopt;
        offset = std::chrono::hours(*h) + std::chrono::minutes(*m);
        if (behind) offset = -offset;
    }
    if (at != text.size()) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    const auto whole = std::chrono::sys_days(date) + std::chrono::hours(*hour) +
                       std::chrono::minutes(*minute) + std::chrono::seconds(*second) - offset;
    return std::chrono::time_point_cast<std::chrono::system_clock::duration>(whole) +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::nanoseconds(nanos));
}

std::optional<milliseconds> parse_duration(std::string_view text) {
    const auto parsed = number_and_unit(text);
    if (!parsed) return std::nullopt;
    const auto [value, unit] = *parsed;
    double scale = 0;
    if (unit == "ms")
        scale = 1;
    else if (unit == "s")
        scale = 1000;
    else if (unit == "m")
        scale = 60'000;
    else if (unit == "h")
        scale = 3'600'000;
    else if (unit == "d")
        scale = 86'400'000;
    else
        return std::nullopt;
    const double ms = value * scale;
    if (!(ms <= 366.0 * 86'400'000)) return std::nullopt;
    return milliseconds(nearest(ms));
}

std::string format_duration(milliseconds duration) {
    const auto ms = duration.count();
    if (ms % 1000 != 0 || ms == 0) return std::to_string(ms) + "ms";
    if (ms % 3'600'000 == 0) return std::to_string(ms / 3'600'000) + "h";
    if (ms % 60'000 == 0) return std::to_string(ms / 60'000) + "m";
    return std::to_string(ms / 1000) + "s";
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto parsed = number_and_unit(text);
    if (!parsed) return std::nullopt;
    const auto [value, unit] = *parsed;
    double scale = 0;
    if (unit.empty() || unit == "B")
        scale = 1;
    else if (unit == "KiB" || unit == "K")
        scale = 1024;
    else if (unit == "MiB" || unit == "M")
        scale = 1024.0 * 1024;
    else if (unit == "GiB" || unit == "G")
        scale = 1024.0 * 1024 * 1024;
    else
        return std::nullopt;
    const double bytes = value * scale;
    if (!(bytes <= 9e15)) return std::nullopt;  // up to 2^53 a double is exact
    return static_cast<std::uint64_t>(nearest(bytes));
}

}  // namespace reeve

#include "reeve/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

namespace reeve {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
    return result;
}

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

std::string escaped(unsigned byte) {
    if (byte == '\n') return "\\n";
    if (byte == '\t') return "\\t";
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "\\x%02x", byte);
    return text.data();
}

// C1 controls, U+0080 to U+009F, do in many terminals what ESC does.
bool is_c1_control(std::string_view text) { return byte_at(text, 0) == 0xC2 && byte_at(text, 1) < 0xA0; }

// How many insertions, removals, changes and swaps of neighbours make `a` into `b` (optimal string
// alignment: two rows are not enough, because a swap looks two rows back).
std::size_t edits_between(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last.swap(last);
        last.swap(row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

bool begins_or_ends_the_other(std::string_view a, std::string_view b) {
    if (a.size() > b.size()) std::swap(a, b);
    return a.size() >= 3 && (b.substr(0, a.size()) == a || b.substr(b.size() - a.size()) == a);
}

}  // namespace

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t utf8_length(std::string_view text) {
    if (text.empty()) return 0;
    const unsigned first = byte_at(text, 0);
    if (first < 0x80) return 1;
    const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
    if (length == 0 || text.size() < length) return 0;
    const unsigned second = byte_at(text, 1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte_at(text, i) & 0xC0U) != 0x80U) return 0;
    }
    return length;
}

std::size_t character_count(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const bool control = length == 1 && (byte_at(text, 0) < 0x20 || byte_at(text, 0) == 0x7F);
        if (length == 2 && is_c1_control(text)) {
            result += escaped(byte_at(text, 0)) + escaped(byte_at(text, 1));
        } else if (length == 0 || control) {
            result += escaped(byte_at(text, 0));
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

std::string shortened(std::string_view text, std::size_t most) {
    std::size_t bytes = 0;
    for (std::size_t characters = 0; characters < most && bytes < text.size(); ++characters)
        bytes += std::max<std::size_t>(utf8_length(text.substr(bytes)), 1);
    return printable(text.substr(0, bytes)) + (bytes < text.size() ? "..." : "");
}

std::string in_quotes(std::string_view text) { return '"' + shortened(text) + '"'; }

std::string joined(const std::vector<std::string>& words, std::string_view between) {
    std::string result;
    for (const std::string& word : words) {
        if (!result.empty()) result += between;
        result += word;
    }
    return result;
}

std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known) {
    // A guess is not worth seconds: comparing two words costs the product of their lengths.
    if (word.empty() || word.size() > 64 || known.size() > 1000) return std::nullopt;
    const std::string wanted = lower(word);
    std::size_t best = std::numeric_limits<std::size_t>::max();
    std::optional<std::string> found;
    for (const std::string& candidate : known) {
        if (candidate.size() > 64) continue;
        const std::string other = lower(candidate);
        const std::size_t edits = edits_between(wanted, other);
        const bool near = edits <= std::max<std::size_t>(1, std::min(wanted.size(), other.size()) / 3);
        if ((near || begins_or_ends_the_other(wanted, other)) && edits < best) {
            best = edits;
            found = candidate;
        }
    }
    return found;
}

}  // namespace reeve

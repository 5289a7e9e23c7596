#include "reeve/model/output_tail.hpp"

#include "reeve/base/text.hpp"

#include <algorithm>
#include <vector>

namespace reeve {
namespace {

constexpr std::size_t most_lines = 10;
constexpr std::size_t longest_line = 300;
constexpr std::size_t shortest_secret = 6;

// The longest first: one may hold another.
std::vector<std::string_view> secrets_in(const std::map<std::string, std::string>& variables) {
    std::vector<std::string_view> values;
    for (const auto& [name, value] : variables) {
        if (value.size() >= shortest_secret) values.push_back(value);
    }
    std::sort(values.begin(), values.end(),
              [](std::string_view a, std::string_view b) { return a.size() > b.size(); });
    return values;
}

}  // namespace

std::string output_tail(std::string_view text, const std::map<std::string, std::string>& secrets) {
    std::string clean(text);
    for (const std::string_view secret : secrets_in(secrets)) {
        for (std::size_t at = 0; (at = clean.find(secret, at)) != clean.npos; at += 3)
            clean.replace(at, secret.size(), "***");
    }
    while (!clean.empty() && (clean.back() == '\n' || clean.back() == '\r')) clean.pop_back();
    std::vector<std::string> lines;
    std::string_view rest = clean;
    while (!rest.empty() && lines.size() < most_lines) {
        const std::size_t before = rest.rfind('\n');
        const std::string_view line = before == rest.npos ? rest : rest.substr(before + 1);
        lines.push_back(shortened(line.substr(0, line.find('\r')), longest_line));
        rest = before == rest.npos ? std::string_view() : rest.substr(0, before);
    }
    std::reverse(lines.begin(), lines.end());
    return joined(lines, "\n");
}

}  // namespace reeve

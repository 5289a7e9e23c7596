#include "config_template.hpp"

#include <algorithm>

namespace reeve {
namespace {

std::optional<std::string> value_of(const std::string& name, const ConfigSurroundings& around) {
    return around.variable ? around.variable(name) : std::nullopt;
}

}  // namespace

bool is_variable_name(std::string_view text) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !text.empty() && is_letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return is_letter(c) || is_digit(c); });
}

FilledIn fill_in(std::string_view text, const ConfigSurroundings& around) {
    FilledIn result;
    while (!text.empty()) {
        if (text.starts_with("$${")) {
            result.text += "${";
            text.remove_prefix(3);
            continue;
        }
        if (!text.starts_with("${")) {
            result.text += text.front();
            text.remove_prefix(1);
            continue;
        }
        const std::size_t end = text.find('}');
        const std::string_view inside = text.substr(2, end == text.npos ? text.npos : end - 2);
        const std::size_t dash = inside.find(":-");
        const std::string name(inside.substr(0, dash));
        if (end == text.npos || !is_variable_name(name)) {
            result.malformed = true;
            return result;
        }
        const auto value = value_of(name, around);
        if (dash != inside.npos && (!value || value->empty())) {  // as a shell has it: unset or empty
            result.text += inside.substr(dash + 2);
        } else if (value) {
            result.text += *value;
        } else if (!result.unknown) {
            result.unknown = name;
        }
        text.remove_prefix(end + 1);
    }
    return result;
}

}  // namespace reeve

#include "reeve/model/env_file.hpp"

#include "config_template.hpp"
#include "reeve/base/text.hpp"
#include "reeve/model/labels.hpp"

#include <optional>

namespace reeve {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// What stands between quotes; nothing when they do not end where the line does.
std::optional<std::string> unquoted(std::string_view text) {
    const char quote = text.front();
    std::string value;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == quote) return i + 1 == text.size() ? std::optional(value) : std::nullopt;
        if (quote == '\'' || text[i] != '\\') {
            value += text[i];
            continue;
        }
        if (++i == text.size()) break;
        switch (text[i]) {
            case 'n':
                value += '\n';
                break;
            case 't':
                value += '\t';
                break;
            case 'r':
                value += '\r';
                break;
            case '"':
            case '\\':
            case '$':
                value += text[i];
                break;
            default:
                return std::nullopt;
        }
    }
    return std::nullopt;
}

}  // namespace

bool is_reserved_variable(std::string_view name) {
    return name == env_store || name == env_instance || name == env_session;
}

Result<std::map<std::string, std::string>> parse_env_file(std::string_view text, const std::string& file) {
    std::map<std::string, std::string> variables;
    int number = 0;
    const auto wrong = [&](const std::string& why, const std::string& fix) {
        return Error(Errc::invalid_data, "reading " + file + ", line " + std::to_string(number), why, fix);
    };
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // editors on Windows write this mark
    while (!text.empty()) {
        ++number;
        const std::size_t end = text.find('\n');
        std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == text.npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#') continue;
        if (line.find('\0') != line.npos) return wrong("it holds a NUL", "remove it");
        if (line.starts_with("export ") || line.starts_with("export\t")) line = trimmed(line.substr(7));
        const std::size_t equals = line.find('=');
        if (equals == line.npos) return wrong("there is no =", "write NAME=value, or # before a comment");
        const std::string name(line.substr(0, equals));
        if (!is_variable_name(name)) {
            return wrong("what stands before the = is not a name for a variable",
                         "use letters, digits and '_', no digit first, and no blank before the =");
        }
        if (is_reserved_variable(name)) return wrong(name + " is set by reeve itself", "choose another name");
        const std::string_view value = trimmed(line.substr(equals + 1));
        if (value.empty() || (value.front() != '"' && value.front() != '\'')) {
            variables[name] = value;
            continue;
        }
        auto inside = unquoted(value);
        if (!inside) {
            return wrong("the quotes of " + name + " do not end where its line does, or hold an unknown \\",
                         "write NAME='value', or NAME=\"value\" with \\\" for a quote and \\\\ for a \\");
        }
        variables[name] = std::move(*inside);
    }
    return variables;
}

}  // namespace reeve

#include "reeve/model/config_parse.hpp"

#include "config_table.hpp"

#include <algorithm>

namespace reeve {
namespace {

// Far more than a person writes, and little enough that no text can make us slow.
constexpr std::size_t max_config_bytes = 1024 * 1024;

}  // namespace

ParsedConfig parse_config(std::string_view text, const ConfigSurroundings& around) {
    static const auto& rule =
        *new Rule<Config>(config_rule());  // for good: an end is no time to take it apart
    if (text.size() > max_config_bytes) {
        return {{}, {{0, 0, "", "larger than 1 MiB", "a configuration is written by hand: make it smaller"}}};
    }
    ParsedConfig parsed;
    ProblemList problems;
    if (const auto root = parse_json_tree(text, problems))
        rule.read(Place(*root, problems, around), parsed.config);
    parsed.problems = problems.in_order_of(text);
    return parsed;
}

ParsedSession parse_session(std::string_view text) {
    static const auto& rule = *new Rule<SessionConfig>(session_rule());
    if (text.size() > max_config_bytes) return {{}, {{0, 0, "", "larger than 1 MiB", "make it smaller"}}};
    ParsedSession parsed;
    ProblemList problems;
    const ConfigSurroundings nothing;  // what others send us does not read our variables
    if (const auto root = parse_json_tree(text, problems))
        rule.read(Place(*root, problems, nothing), parsed.config);
    parsed.problems = problems.in_order_of(text);
    return parsed;
}

std::string without_blanks(std::string_view json) {
    // Where a comment that begins at `from` ends; `from` when none does.
    const auto end_of_comment = [json](std::size_t from) {
        const bool line = json.substr(from, 2) == "//";
        if (!line && json.substr(from, 2) != "/*") return from;
        constexpr std::string_view line_ends("\n\r\0", 3);  // as the parser has it
        const std::size_t end = line ? json.find_first_of(line_ends, from) : json.find("*/", from + 2);
        return end == json.npos ? json.size() : end + (line ? 1 : 2);
    };
    const auto end_of_text = [json](std::size_t from) {
        for (std::size_t i = from + 1; i < json.size(); ++i) {
            if (json[i] == '\\')
                ++i;
            else if (json[i] == '"')
                return i + 1;
        }
        return json.size();
    };
    std::string words;
    for (std::size_t i = 0; i < json.size();) {
        const std::size_t next = json[i] == '"' ? end_of_text(i) : end_of_comment(i);
        if (json[i] == '"')
            words += json.substr(i, next - i);
        else if (next == i && std::string_view(" \t\r\n").find(json[i]) == std::string_view::npos)
            words += json[i];
        i = std::max(next, i + 1);
    }
    words.shrink_to_fit();
    return words;
}

std::string config_schema() {
    OrderedJson schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                          {"title", "Configuration of reeve"}};
    schema.update(config_rule().schema());
    return dump_json_pretty(schema);
}

}  // namespace reeve

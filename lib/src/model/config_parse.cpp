#include "reeve/model/config_parse.hpp"

#include "config_table.hpp"

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
    const auto write = [json](auto&& take) {
        bool in_string = false;
        for (std::size_t i = 0; i < json.size(); ++i) {
            const char c = json[i];
            if (!in_string && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) continue;
            take(c);
            if (c == '"') in_string = !in_string;
            if (in_string && c == '\\' && i + 1 < json.size()) take(json[++i]);
        }
    };
    std::size_t length = 0;
    write([&length](char) { ++length; });
    std::string text;
    text.reserve(length);
    write([&text](char c) { text += c; });
    return text;
}

std::string config_schema() {
    OrderedJson schema = {{"$schema", "http://json-schema.org/draft-07/schema#"},
                          {"title", "Configuration of reeve"}};
    schema.update(config_rule().schema());
    return dump_json_pretty(schema);
}

}  // namespace reeve

#include "support/json_schema.hpp"

#include <regex.h>

#include <algorithm>
#include <map>
#include <stdexcept>

namespace reeve::test {
namespace {

using Json = nlohmann::json;

std::string with(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

// A few patterns are asked about thousands of texts: each is compiled once.
class CompiledPattern {
  public:
    explicit CompiledPattern(const std::string& pattern) : regex_() {
        const std::string posix =
            with(with(with(with(pattern, "\\u0000", "\x01"), "\\t", "\t"), "\\r", "\r"), "\\n", "\n");
        if (::regcomp(&regex_, posix.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
            throw std::logic_error("not a pattern: " + pattern);
    }
    CompiledPattern(const CompiledPattern&) = delete;
    CompiledPattern& operator=(const CompiledPattern&) = delete;
    ~CompiledPattern() { ::regfree(&regex_); }
    const regex_t& get() const { return regex_; }

  private:
    regex_t regex_;
};

const regex_t& compiled(const std::string& pattern) {
    static std::map<std::string, CompiledPattern> known;
    return known.try_emplace(pattern, pattern).first->second.get();
}

// Our patterns are ECMA 262, and with these escapes replaced POSIX extended expressions too. No text with a
// NUL matches any of ours, and regexec could not be told about one.
bool matches_pattern(const std::string& pattern, const std::string& text) {
    if (text.find('\0') != text.npos) return false;
    return ::regexec(&compiled(pattern), text.c_str(), 0, nullptr, 0) == 0;
}

bool has_type(const std::string& type, const Json& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type != "integer") throw std::logic_error("unknown type " + type);
    return value.is_number_integer() ||
           (value.is_number_float() &&
            value.get<double>() == static_cast<double>(static_cast<long>(value.get<double>())));
}

bool allows(const Json& schema, const Json& value) {
    return schema.is_boolean() ? schema.get<bool>() : matches_schema(schema, value);
}

// The schema under `key`, or the one that allows everything.
const Json& rule_or_any(const Json& schema, const std::string& key) {
    static const Json any(true);
    const auto found = schema.find(key);
    return found == schema.end() ? any : *found;
}

bool members_match(const Json& schema, const Json& value) {
    const Json& properties = rule_or_any(schema, "properties");
    for (const auto& [key, member] : value.items()) {
        if (!allows(rule_or_any(schema, "propertyNames"), key)) return false;
        const bool known = properties.is_object() && properties.contains(key);
        if (!allows(known ? properties[key] : rule_or_any(schema, "additionalProperties"), member))
            return false;
    }
    return true;
}

bool items_match(const Json& schema, const Json& value) {
    const Json& items = rule_or_any(schema, "items");
    for (std::size_t i = 0; i < value.size(); ++i) {
        const Json& others = items.is_array() ? rule_or_any(schema, "additionalItems") : items;
        if (!allows(items.is_array() && i < items.size() ? items[i] : others, value[i])) return false;
    }
    return true;
}

// True when the rule `keyword` of `schema` has nothing against `value`.
bool passes(const Json& schema, const std::string& keyword, const Json& value) {
    const Json& rule = schema[keyword];
    const auto matching = [&] {
        return std::count_if(rule.begin(), rule.end(),
                             [&](const Json& each) { return matches_schema(each, value); });
    };
    if (keyword == "$schema" || keyword == "title" || keyword == "description" || keyword == "default")
        return true;
    if (keyword == "type") return has_type(rule, value);
    if (keyword == "enum") return std::find(rule.begin(), rule.end(), value) != rule.end();
    if (keyword == "not") return !matches_schema(rule, value);
    if (keyword == "allOf") return matching() == static_cast<std::ptrdiff_t>(rule.size());
    if (keyword == "anyOf") return matching() > 0;
    if (keyword == "oneOf") return matching() == 1;
    if (keyword == "pattern") return !value.is_string() || matches_pattern(rule, value);
    if (keyword == "minimum") return !value.is_number() || value >= rule;
    if (keyword == "maximum") return !value.is_number() || value <= rule;
    if (keyword == "minItems") return !value.is_array() || value.size() >= rule.get<std::size_t>();
    if (keyword == "items" || keyword == "additionalItems")
        return !value.is_array() || items_match(schema, value);
    if (keyword == "properties" || keyword == "additionalProperties" || keyword == "propertyNames")
        return !value.is_object() || members_match(schema, value);
    if (keyword == "required") {
        return !value.is_object() ||
               std::all_of(rule.begin(), rule.end(), [&](const Json& key) { return value.contains(key); });
    }
    throw std::logic_error("unknown keyword " + keyword);
}

}  // namespace

bool matches_schema(const Json& schema, const Json& value) {
    return std::all_of(schema.items().begin(), schema.items().end(),
                       [&](const auto& rule) { return passes(schema, rule.key(), value); });
}

}  // namespace reeve::test

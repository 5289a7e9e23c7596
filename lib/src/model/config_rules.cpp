#include "config_rules.hpp"

#include "config_object.hpp"
#include "config_template.hpp"
#include "reeve/base/text.hpp"
#include "reeve/base/time_text.hpp"

#include <algorithm>

namespace reeve {
namespace {

using std::chrono::milliseconds;

std::string format_size(std::uint64_t bytes) {
    constexpr std::uint64_t kib = 1024;
    if (bytes % (kib * kib * kib) == 0) return std::to_string(bytes / (kib * kib * kib)) + "GiB";
    if (bytes % (kib * kib) == 0) return std::to_string(bytes / (kib * kib)) + "MiB";
    if (bytes % kib == 0) return std::to_string(bytes / kib) + "KiB";
    return std::to_string(bytes);
}

// The text with its variables, or nothing and a problem. No problem quotes what came out, nor, where a secret
// may be written, what went in.
std::optional<std::string> filled_in(const Place& place, const std::string& text) {
    FilledIn filled = fill_in(text, place.around());
    if (filled.malformed) {
        place.refuse("a \"${\" that begins no variable",
                     "write ${NAME} or ${NAME:-default}, and $${ for the characters ${");
        return std::nullopt;
    }
    if (filled.unknown) {
        place.refuse("the variable " + in_quotes(*filled.unknown) + " is not set",
                     "set it in the environment of reeve, write ${" + *filled.unknown +
                         ":-default}, or $${ for the characters ${");
        return std::nullopt;
    }
    return std::move(filled.text);
}

bool has_variables(const std::string& text) { return text.find("${") != text.npos; }

bool read_text(const Place& place, const TextForm& form, std::string& out) {
    if (!place.expect(JsonNode::Kind::string, "write it in double quotes")) return false;
    const std::string& text = place.node().string;
    if (text.find('\0') != text.npos) {
        place.refuse("a text holds a NUL", "remove it: no program can be given one");
        return false;
    }
    const bool judged_later = form.filled_in && has_variables(text) && *form.never == '\0';
    if (!judged_later && !form.fits(text)) {
        place.refuse(in_quotes(text) + " " + form.otherwise, form.fix);
        return false;
    }
    if (!form.filled_in || !has_variables(text)) {
        out = text;
        return true;
    }
    auto filled = filled_in(place, text);
    if (!filled) return false;
    if (!form.fits(*filled)) {
        place.refuse(in_quotes(text) + " " + form.otherwise + " once its variables are filled in", form.fix);
        return false;
    }
    out = std::move(*filled);
    return true;
}

std::vector<std::string> read_texts(const Place& place, const TextForm& first, const TextForm& others) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < place.node().children.size(); ++i) {
        std::string item;
        if (read_text(place.element(i), i == 0 ? first : others, item)) texts.push_back(std::move(item));
    }
    return texts;
}

OrderedJson schema_of(const TextForm& form) {
    OrderedJson schema = {{"type", "string"}, {"pattern", form.pattern}};
    if (form.filled_in && form.pattern == std::string_view(any_text.pattern)) {
        schema["pattern"] = template_pattern;
    } else if (form.filled_in) {
        schema["pattern"] = std::string(form.pattern) + "|\\$\\{";
        schema["allOf"] = OrderedJson::array({{{"pattern", template_pattern}}});
    }
    if (*form.never != '\0') schema["not"]["pattern"] = form.never;
    return schema;
}

// "0s is less than 1ms; use 1ms to 24h"
template <class T, class Write>
bool within_range(const Place& place, T value, T least, T most, Write write) {
    if (value >= least && value <= most) return true;
    const bool small = value < least;
    place.refuse(write(value) + " is " + (small ? "less than " : "more than ") + write(small ? least : most),
                 "use " + write(least) + " to " + write(most));
    return false;
}

}  // namespace

std::string Place::pointer() const {
    if (parent_ == nullptr) return {};
    return parent_->pointer() + pointer_step(token_);
}

void Place::refuse(std::string what, std::string fix) const {
    problems_.add(node_.offset, problems_.full() ? "" : pointer(), std::move(what), std::move(fix));
}

void Place::refuse_key(std::string what, std::string fix) const {
    problems_.add(node_.key_offset, problems_.full() ? "" : pointer(), std::move(what), std::move(fix));
}

bool Place::expect(JsonNode::Kind kind, const std::string& fix) const {
    if (node_.kind == kind) return true;
    refuse(std::string("expected ") + to_string(kind) + ", found " + to_string(node_.kind), fix);
    return false;
}

Rule<std::string> text(TextForm form) {
    Rule<std::string> rule;
    rule.schema = [form] { return schema_of(form); };
    rule.show = [](const std::string& value) { return value.empty() ? OrderedJson() : OrderedJson(value); };
    rule.read = [form](const Place& place, std::string& out) { read_text(place, form, out); };
    return rule;
}

Rule<bool> flag() {
    Rule<bool> rule;
    rule.schema = [] {
        OrderedJson schema;
        schema["type"] = "boolean";
        return schema;
    };
    rule.read = [](const Place& place, bool& out) {
        if (place.expect(JsonNode::Kind::boolean, "write true or false, without quotes"))
            out = place.node().boolean;
    };
    rule.show = [](bool value) { return OrderedJson(value); };
    return rule;
}

Rule<int> whole_number(int least, int most) {
    Rule<int> rule;
    rule.schema = [least, most] {
        return OrderedJson{{"type", "integer"}, {"minimum", least}, {"maximum", most}};
    };
    rule.read = [least, most](const Place& place, int& out) {
        if (!place.expect(JsonNode::Kind::integer, "write a whole number, without quotes")) return;
        const std::int64_t value = place.node().integer;
        const auto write = [](std::int64_t number) { return std::to_string(number); };
        if (within_range<std::int64_t>(place, value, least, most, write)) out = static_cast<int>(value);
    };
    rule.show = [](int value) { return OrderedJson(value); };
    return rule;
}

Rule<milliseconds> duration(milliseconds least, milliseconds most) {
    Rule<milliseconds> rule;
    rule.schema = [] {
        return OrderedJson{{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]+)?(ms|s|m|h|d)$"}};
    };
    rule.read = [least, most](const Place& place, milliseconds& out) {
        const std::string fix =
            "write a number and its unit in double quotes: \"250ms\", \"5s\", \"2m\", \"1h\"";
        if (!place.expect(JsonNode::Kind::string, fix)) return;
        const auto value = parse_duration(place.node().string);
        if (!value) {
            place.refuse(in_quotes(place.node().string) + " is not a duration", fix);
            return;
        }
        if (within_range(place, *value, least, most, format_duration)) out = *value;
    };
    rule.show = [](milliseconds value) { return OrderedJson(format_duration(value)); };
    return rule;
}

Rule<std::uint64_t> size(std::uint64_t least, std::uint64_t most) {
    Rule<std::uint64_t> rule;
    rule.schema = [] {
        return OrderedJson{{"type", "string"}, {"pattern", "^[0-9]+(\\.[0-9]+)?(B|K|KiB|M|MiB|G|GiB)?$"}};
    };
    rule.read = [least, most](const Place& place, std::uint64_t& out) {
        const std::string fix = "write a number and its unit in double quotes: \"64KiB\", \"10MiB\"";
        if (!place.expect(JsonNode::Kind::string, fix)) return;
        const auto value = parse_size(place.node().string);
        if (!value) {
            place.refuse(in_quotes(place.node().string) + " is not a size", fix);
            return;
        }
        if (within_range(place, *value, least, most, format_size)) out = *value;
    };
    rule.show = [](std::uint64_t value) { return OrderedJson(format_size(value)); };
    return rule;
}

Rule<std::uint64_t> size_or_unlimited(std::uint64_t most) {
    Rule<std::uint64_t> rule = size(0, most);
    rule.schema = [] {
        return OrderedJson{{"type", "string"},
                           {"pattern", "^([0-9]+(\\.[0-9]+)?(B|K|KiB|M|MiB|G|GiB)?|unlimited)$"}};
    };
    rule.read = [read = rule.read](const Place& place, std::uint64_t& out) {
        if (place.node().kind == JsonNode::Kind::string && place.node().string == "unlimited")
            out = LimitsConfig::unlimited;
        else
            read(place, out);
    };
    return rule;
}

Rule<std::vector<std::string>> texts(TextForm form, std::string fix) {
    Rule<std::vector<std::string>> rule;
    rule.schema = [form] { return OrderedJson{{"type", "array"}, {"items", schema_of(form)}}; };
    rule.read = [form, fix = std::move(fix)](const Place& place, std::vector<std::string>& out) {
        if (place.expect(JsonNode::Kind::array, fix)) out = read_texts(place, form, form);
    };
    return rule;
}

Rule<std::vector<std::string>> texts(TextForm first, TextForm others, std::string fix) {
    Rule<std::vector<std::string>> rule;
    rule.schema = [first, others] {
        return OrderedJson{{"type", "array"},
                           {"minItems", 1},
                           {"items", OrderedJson::array({schema_of(first)})},
                           {"additionalItems", schema_of(others)}};
    };
    rule.read = [first, others, fix = std::move(fix)](const Place& place, std::vector<std::string>& out) {
        if (!place.expect(JsonNode::Kind::array, fix)) return;
        if (place.node().children.empty()) place.refuse("the list is empty", fix);
        out = read_texts(place, first, others);
    };
    return rule;
}

Rule<Argv> arguments(Rule<std::vector<std::string>> words) {
    Rule<Argv> rule;
    rule.schema = std::move(words.schema);
    rule.read = [read = std::move(words.read)](const Place& place, Argv& out) {
        std::vector<std::string> found = out;
        read(place, found);
        out = std::move(found);
    };
    return rule;
}

Rule<std::vector<SessionName>> session_names() {
    const auto names = texts(session_name_form, "write a list of names: [\"db\"]");
    Rule<std::vector<SessionName>> rule;
    rule.schema = names.schema;
    rule.read = [read = names.read](const Place& place, std::vector<SessionName>& out) {
        std::vector<std::string> plain;
        read(place, plain);
        out.clear();
        for (std::string& name : plain) out.push_back({std::move(name)});
    };
    return rule;
}

Rule<std::map<std::string, std::string>> variables(std::vector<std::string> reserved) {
    Rule<std::map<std::string, std::string>> rule;
    rule.schema = [reserved] {
        return OrderedJson{
            {"type", "object"},
            {"propertyNames", {{"pattern", "^[A-Za-z_][A-Za-z0-9_]*$"}, {"not", {{"enum", reserved}}}}},
            {"additionalProperties", schema_of(with_variables(any_text))}};
    };
    rule.read = [reserved = std::move(reserved)](const Place& place,
                                                 std::map<std::string, std::string>& out) {
        if (!place.expect(JsonNode::Kind::object, "write { \"NAME\": \"value\" }")) return;
        for (const JsonNode& node : place.node().children) {
            const Place variable = place.member(node);
            if (!is_variable_name(node.key)) {
                variable.refuse_key(in_quotes(node.key) + " is not a name for a variable",
                                    "use letters, digits and '_', and no digit first");
            } else if (std::find(reserved.begin(), reserved.end(), node.key) != reserved.end()) {
                variable.refuse_key(in_quotes(node.key) + " is set by reeve itself", "choose another name");
            }
            read_text(variable, with_variables(any_text), out[node.key]);
        }
    };
    return rule;
}

void refuse_choice(const Place& place, const std::vector<std::string>& names) {
    const std::string all = "use one of: " + joined(names);
    if (!place.expect(JsonNode::Kind::string, all)) return;
    const auto meant = nearest(place.node().string, names);
    place.refuse("unknown value " + in_quotes(place.node().string),
                 meant ? "did you mean " + in_quotes(*meant) + "? " + all : all);
}

void refuse_unknown_key(const Place& member, const std::vector<std::string>& known) {
    const std::string& key = member.node().key;
    if (key == "user") {
        member.refuse_key("\"user\" cannot be set: every session runs as the user who runs reeve",
                          "remove it, or run another reeve as that user");
        return;
    }
    if (member.told_enough()) return member.refuse_key("unknown key", "");
    const auto meant = nearest(key, known);
    member.refuse_key("unknown key " + in_quotes(key),
                      meant ? "did you mean " + in_quotes(*meant) + "?" : "use one of: " + joined(known));
}

}  // namespace reeve

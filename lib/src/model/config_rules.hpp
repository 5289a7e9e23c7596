// What a value of the configuration may be. One rule both reads a value and describes itself as JSON Schema,
// so that the parser and the published schema cannot say different things.
#pragma once

#include "json_text.hpp"
#include "json_tree.hpp"
#include "reeve/model/config_parse.hpp"
#include "reeve/model/ids.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve {

// A value and the way to it from the top. Lives on the stack while the tree is read; a child refers to its
// parent.
class Place {
  public:
    Place(const JsonNode& node, ProblemList& problems, const ConfigSurroundings& around)
        : node_(node), problems_(problems), around_(around) {}

    Place child(const JsonNode& node, std::string token) const {
        return {node, problems_, around_, this, std::move(token)};
    }
    Place member(const JsonNode& node) const { return child(node, node.key); }
    Place element(std::size_t index) const { return child(node_.children[index], std::to_string(index)); }

    const JsonNode& node() const { return node_; }
    const ConfigSurroundings& around() const { return around_; }
    // Another problem would not be shown: none needs good advice any more.
    bool told_enough() const { return problems_.full(); }
    std::string pointer() const;
    // A problem at the value, and one at the key in front of it.
    void refuse(std::string what, std::string fix) const;
    void refuse_key(std::string what, std::string fix) const;
    // False, and a problem, when the value is not of this kind.
    bool expect(JsonNode::Kind kind, const std::string& fix) const;

  private:
    Place(const JsonNode& node, ProblemList& problems, const ConfigSurroundings& around, const Place* parent,
          std::string token)
        : node_(node), problems_(problems), around_(around), parent_(parent), token_(std::move(token)) {}

    const JsonNode& node_;
    ProblemList& problems_;
    const ConfigSurroundings& around_;
    const Place* parent_ = nullptr;
    std::string token_;
};

template <class T>
struct Rule {
    // Made when it is asked for: every start reads a configuration, and only a person wants its schema.
    std::function<OrderedJson()> schema;
    // Leaves `out` alone when the value is refused.
    std::function<void(const Place& place, T& out)> read;
    // A default as the text would hold it; null: none worth showing.
    std::function<OrderedJson(const T& value)> show = [](const T&) { return OrderedJson(); };
};

// A form of text: `pattern` and `never` (ECMA 262, for the schema) must accept the same texts as `fits`. No
// text may hold a NUL, which argv and environ cannot: `fits` is never asked about one.
struct TextForm {
    const char* pattern = "";
    bool (*fits)(std::string_view text) = nullptr;
    const char* otherwise = "";  // what is wrong with a text that does not fit
    const char* fix = "";
    const char* never = "";  // a pattern that must not match besides; empty: none
    // Variables are filled in, and what comes out must fit. A text with "${" in it is judged only then,
    // except by `never`.
    bool filled_in = false;
};

constexpr TextForm with_variables(TextForm form) {
    form.filled_in = true;
    return form;
}

inline constexpr TextForm any_text{.pattern = "^[^\\u0000]*$", .fits = [](std::string_view) { return true; }};

inline constexpr TextForm session_name_form{
    .pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
    .fits = is_session_name,
    .otherwise = "is not a name for a session",
    .fix = "use a letter or digit, then up to 62 letters, digits, '_', '.' or '-'"};

Rule<std::string> text(TextForm form);
Rule<bool> flag();
Rule<int> whole_number(int least, int most);
Rule<std::chrono::milliseconds> duration(std::chrono::milliseconds least, std::chrono::milliseconds most);
Rule<std::uint64_t> size(std::uint64_t least, std::uint64_t most);
// The same, or "unlimited", which is LimitsConfig::unlimited.
Rule<std::uint64_t> size_or_unlimited(std::uint64_t most);
// A list of texts. `fix` says how a list is written when there is none.
Rule<std::vector<std::string>> texts(TextForm form, std::string fix);
// A list with at least one text, the first of a form of its own.
Rule<std::vector<std::string>> texts(TextForm first, TextForm others, std::string fix);
Rule<Argv> arguments(Rule<std::vector<std::string>> words);
Rule<std::vector<SessionName>> session_names();
// An object whose keys are names of environment variables; `reserved` ones are refused.
Rule<std::map<std::string, std::string>> variables(std::vector<std::string> reserved);

// A value that may be left out, by another rule.
template <template <class> class Optional = std::optional, class T>
Rule<Optional<T>> optional_of(Rule<T> rule) {
    Rule<Optional<T>> made;
    made.schema = rule.schema;
    made.read = [read = std::move(rule.read)](const Place& place, Optional<T>& out) {
        out.emplace();
        read(place, *out);
    };
    return made;
}

// One of a few names, each with its value.
template <class T>
Rule<T> choice(std::vector<std::pair<std::string, T>> names);
void refuse_choice(const Place& place, const std::vector<std::string>& names);

template <class T>
Rule<T> choice(std::vector<std::pair<std::string, T>> names) {
    std::vector<std::string> known;
    for (const auto& [name, value] : names) known.push_back(name);
    Rule<T> rule;
    rule.schema = [known] {
        OrderedJson schema;
        schema["enum"] = known;
        return schema;
    };
    rule.read = [names, known](const Place& place, T& out) {
        for (const auto& [name, value] : names) {
            if (place.node().kind != JsonNode::Kind::string || place.node().string != name) continue;
            out = value;
            return;
        }
        refuse_choice(place, known);
    };
    rule.show = [names](const T& shown) {
        for (const auto& [name, value] : names) {
            if (value == shown) return OrderedJson(name);
        }
        return OrderedJson();
    };
    return rule;
}

}  // namespace reeve

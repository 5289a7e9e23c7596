#include "json_tree.hpp"

#include "json_syntax.hpp"
#include "json_text.hpp"
#include "reeve/base/text.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <set>

namespace reeve {
namespace {

// Walks over the text for the parser and tells us how far it has come: after each token the parser has
// taken exactly that token, or one byte more when it is a number.
class CountingIterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, const char* start, std::size_t* taken)
        : at_(at), start_(start), taken_(taken) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        ++at_;
        *taken_ = static_cast<std::size_t>(at_ - start_);
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
    bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

  private:
    const char* at_;
    const char* start_;
    std::size_t* taken_;
};

bool is_number_byte(char c) {
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

// Receives the parser's events. Their names and signatures are those of nlohmann's SAX interface; returning
// false stops it.
class TreeBuilder {
  public:
    TreeBuilder(std::string_view text, const std::size_t& taken, ProblemList& problems)
        : text_(text), taken_(taken), problems_(problems) {}

    bool null() {
        return value(JsonNode::Kind::null, taken_ - 4, [](JsonNode&) {});
    }
    bool boolean(bool truth) {
        return value(JsonNode::Kind::boolean, taken_ - (truth ? 4 : 5),
                     [&](JsonNode& node) { node.boolean = truth; });
    }
    bool number_integer(Json::number_integer_t number) {
        return value(JsonNode::Kind::integer, number_start(taken_),
                     [&](JsonNode& node) { node.integer = number; });
    }
    bool number_unsigned(Json::number_unsigned_t number) {
        if (number > static_cast<Json::number_unsigned_t>(std::numeric_limits<std::int64_t>::max())) {
            return value(JsonNode::Kind::number, number_start(taken_), [](JsonNode&) {});
        }
        return number_integer(static_cast<Json::number_integer_t>(number));
    }
    bool number_float(Json::number_float_t number, const std::string& /*as_written*/) {
        constexpr double exact = 9007199254740992.0;  // 2^53: beyond it a double skips integers
        if (std::abs(number) <= exact) {
            const auto whole = static_cast<Json::number_integer_t>(number);
            if (static_cast<double>(whole) == number) return number_integer(whole);
        }
        return value(JsonNode::Kind::number, number_start(taken_), [](JsonNode&) {});
    }
    bool string(std::string& text) {
        return value(JsonNode::Kind::string, string_start(taken_),
                     [&](JsonNode& node) { node.string = std::move(text); });
    }
    bool binary(Json::binary_t& /*bytes*/) { return false; }  // text formats have none

    bool start_object(std::size_t /*size*/) { return start(JsonNode::Kind::object); }
    bool start_array(std::size_t /*size*/) { return start(JsonNode::Kind::array); }
    bool end_object() { return end(); }
    bool end_array() { return end(); }

    bool key(std::string& text) {
        key_ = std::move(text);
        key_offset_ = string_start(taken_);
        after_key_ = true;
        if (!open_.back().keys.insert(key_).second) {
            problems_.add(key_offset_, problems_.full() ? "" : pointer(),
                          "the key " + in_quotes(key_) + " is there twice", "remove one of the two");
        }
        return true;
    }

    bool parse_error(std::size_t position, const std::string& read_lately, const std::exception& error);

    std::optional<JsonNode> root;

  private:
    struct Open {
        JsonNode node;
        std::set<std::string> keys;
    };

    template <class Fill>
    bool value(JsonNode::Kind kind, std::size_t offset, Fill fill) {
        JsonNode node = make(kind, offset);
        const bool is_number = kind == JsonNode::Kind::integer || kind == JsonNode::Kind::number;
        node.end = is_number ? number_end(offset) : taken_;
        fill(node);
        attach(std::move(node));
        return true;
    }
    bool start(JsonNode::Kind kind) {
        const std::size_t offset = taken_ - 1;
        if (open_.size() >= static_cast<std::size_t>(max_json_depth)) {
            problems_.add(offset, pointer(),
                          "nested deeper than " + std::to_string(max_json_depth) + " levels",
                          "remove the nesting");
            return false;
        }
        open_.push_back({make(kind, offset), {}});
        return true;
    }
    bool end() {
        JsonNode node = std::move(open_.back().node);
        open_.pop_back();
        node.end = taken_;
        attach(std::move(node));
        return true;
    }
    JsonNode make(JsonNode::Kind kind, std::size_t offset) {
        JsonNode node;
        node.kind = kind;
        node.offset = offset;
        node.key_offset = after_key_ ? key_offset_ : offset;
        if (after_key_) node.key = std::move(key_);
        after_key_ = false;
        return node;
    }
    void attach(JsonNode node) {
        if (open_.empty()) {
            root = std::move(node);
        } else {
            open_.back().node.children.push_back(std::move(node));
        }
    }

    std::size_t refused_token(std::size_t end, const std::string& said) const;

    // The opening quote of the string that ends before `end`: the nearest quote before the closing one that
    // no backslash escapes. Nothing outside a string can put a backslash right before its opening quote.
    std::size_t string_start(std::size_t end) const {
        for (std::size_t at = end - 1; at-- > 0;) {
            if (text_[at] != '"') continue;
            std::size_t first = at;
            while (first > 0 && text_[first - 1] == '\\') --first;
            if ((at - first) % 2 == 0) return at;
        }
        return 0;
    }
    std::size_t number_start(std::size_t end) const {
        std::size_t at = end;
        if (at > 0 && !is_number_byte(text_[at - 1])) --at;  // the byte that told the parser that it ended
        while (at > 0 && is_number_byte(text_[at - 1])) --at;
        return at;
    }
    std::size_t number_end(std::size_t start) const {
        while (start < text_.size() && is_number_byte(text_[start])) ++start;
        return start;
    }
    std::string pointer() const {
        std::string result;
        for (std::size_t i = 1; i < open_.size(); ++i) {
            const JsonNode& parent = open_[i - 1].node;
            const bool in_array = parent.kind == JsonNode::Kind::array;
            result += pointer_step(in_array ? std::to_string(parent.children.size()) : open_[i].node.key);
        }
        if (after_key_) result += pointer_step(key_);
        return result;
    }

    std::string_view text_;
    const std::size_t& taken_;
    ProblemList& problems_;
    std::vector<Open> open_;
    std::string key_;
    std::size_t key_offset_ = 0;
    bool after_key_ = false;
};

bool TreeBuilder::parse_error(std::size_t position, const std::string& /*read_lately*/,
                              const std::exception& error) {
    const std::string said = error.what();
    const std::size_t end = std::min(position, text_.size() + 1);
    const std::size_t offset = refused_token(end, said);
    SyntaxPlace place = SyntaxPlace::elsewhere;
    if (open_.empty() && !root) place = SyntaxPlace::nothing_yet;
    if (!open_.empty() && !after_key_ && !open_.back().node.children.empty())
        place = SyntaxPlace::after_an_element;
    const SyntaxExplanation because =
        explain_syntax(said, offset < text_.size() ? text_[offset] : '\0', place);
    problems_.add(offset, pointer(), because.what, because.fix);
    return false;
}

// `end` is where the parser stopped reading. What it did not expect is pointed at by its first byte; what is
// broken inside, by the byte that broke it.
std::size_t TreeBuilder::refused_token(std::size_t end, const std::string& said) const {
    if (end == 0 || end > text_.size()) return text_.size();
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    std::size_t at = end - 1;
    if (said.find("invalid literal") != said.npos || is_letter(text_[at])) {
        while (at > 0 && is_letter(text_[at - 1])) --at;
        return at;
    }
    if (said.find("last read") != said.npos) return at;
    if (text_[at] == '"') return string_start(end);
    return is_number_byte(text_[at]) ? number_start(end) : at;
}

}  // namespace

const JsonNode* JsonNode::find(std::string_view name) const {
    if (kind != Kind::object) return nullptr;
    for (const JsonNode& child : children) {
        if (child.key == name) return &child;
    }
    return nullptr;
}

const char* to_string(JsonNode::Kind kind) {
    switch (kind) {
        case JsonNode::Kind::null:
            return "null";
        case JsonNode::Kind::boolean:
            return "true or false";
        case JsonNode::Kind::integer:
            return "a whole number";
        case JsonNode::Kind::number:
            return "a number that is not whole";
        case JsonNode::Kind::string:
            return "text";
        case JsonNode::Kind::array:
            return "a list";
        case JsonNode::Kind::object:
            return "an object";
    }
    return "something unknown";
}

std::optional<JsonNode> parse_json_tree(std::string_view text, ProblemList& problems) {
    // The parser takes a NUL for the end of the text and would ignore what follows.
    if (const std::size_t nul = text.find('\0'); nul != text.npos) {
        problems.add(nul, "", "a NUL byte", "save the file as UTF-8 text");
        return std::nullopt;
    }
    std::size_t taken = 0;
    TreeBuilder builder(text, taken, problems);
    const char* const start = text.data();
    const CountingIterator first(start, start, &taken);
    const CountingIterator last(start + text.size(), start, &taken);
    if (!Json::sax_parse(first, last, &builder, Json::input_format_t::json, true, true)) return std::nullopt;
    return std::move(builder.root);
}

}  // namespace reeve

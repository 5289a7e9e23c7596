#include "json_writer.hpp"

#include "json_text.hpp"

#include <algorithm>

namespace reeve {

void JsonWriter::new_line() {
    if (!pretty_) return;
    text_ += '\n';
    text_.append(2 * depth_, ' ');
}

void JsonWriter::before_value() {
    if (after_key_) {
        after_key_ = false;
        return;
    }
    if (depth_ == 0) return;
    if (!first_) text_ += ',';
    first_ = false;
    new_line();
}

JsonWriter& JsonWriter::begin(char bracket) {
    before_value();
    text_ += bracket;
    ++depth_;
    first_ = true;
    return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
    --depth_;
    if (!first_) new_line();
    text_ += bracket;
    first_ = false;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    before_value();
    append_quoted(name);
    text_ += pretty_ ? ": " : ":";
    after_key_ = true;
    return *this;
}

void JsonWriter::append_quoted(std::string_view text) {
    const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
    });
    if (!plain) {
        text_ += dump_json(Json(std::string(text)));
        return;
    }
    text_ += '"';
    text_ += text;
    text_ += '"';
}

JsonWriter& JsonWriter::value(std::string_view text) {
    before_value();
    append_quoted(text);
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    before_value();
    text_ += dump_json(Json(number));
    return *this;
}

JsonWriter& JsonWriter::null() {
    before_value();
    text_ += "null";
    return *this;
}

JsonWriter& JsonWriter::value(const std::vector<std::string>& texts) {
    begin_array();
    for (const std::string& text : texts) value(text);
    return end_array();
}

}  // namespace reeve

// Writes JSON text straight away, as dump_json and dump_json_pretty would write a tree of the same.
//
// For what is written often and may be long, the record and the status: a tree of a thousand sessions costs
// ten times as much as its text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace reeve {

class JsonWriter {
  public:
    enum class Form { one_line, pretty };
    explicit JsonWriter(Form form) : pretty_(form == Form::pretty) {}

    JsonWriter& begin_object() { return begin('{'); }
    JsonWriter& end_object() { return end('}'); }
    JsonWriter& begin_array() { return begin('['); }
    JsonWriter& end_array() { return end(']'); }
    // Inside an object, before its value.
    JsonWriter& key(std::string_view name);

    // Bytes that are not UTF-8 are replaced.
    JsonWriter& value(std::string_view text);
    JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(double number);
    JsonWriter& null();
    template <class T>
    std::enable_if_t<std::is_integral_v<T>, JsonWriter&> value(T number) {
        before_value();
        if constexpr (std::is_same_v<T, bool>)
            text_ += number ? "true" : "false";
        else
            text_ += std::to_string(number);
        return *this;
    }
    template <class T>
    JsonWriter& value(const std::optional<T>& maybe) {
        return maybe ? value(*maybe) : null();
    }
    JsonWriter& value(const std::vector<std::string>& texts);

    template <class T>
    JsonWriter& member(std::string_view name, const T& content) {
        return key(name).value(content);
    }
    std::string take() { return std::move(text_); }

  private:
    JsonWriter& begin(char bracket);
    JsonWriter& end(char bracket);
    void before_value();
    void new_line();
    void append_quoted(std::string_view text);

    std::string text_;
    bool pretty_;
    bool first_ = true;  // of the innermost object or array
    bool after_key_ = false;
    std::size_t depth_ = 0;
};

}  // namespace reeve

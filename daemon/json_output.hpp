// JSON on standard output, for --json. Included by sources only: the JSON library is slow to compile.
#pragma once

#include "terminal.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace reeve {

using JsonOutput = nlohmann::ordered_json;

// Indented, with a newline at the end; bytes that are not UTF-8 are replaced.
inline void print_json(const JsonOutput& value) {
    print_line(value.dump(2, ' ', false, JsonOutput::error_handler_t::replace));
}

// An empty text says nothing: null.
inline JsonOutput text_or_null(const std::string& text) {
    return text.empty() ? JsonOutput() : JsonOutput(text);
}

}  // namespace reeve

// ${NAME} and ${NAME:-default} in the texts of a configuration.
//
// Only "${" means anything: a lone $, $NAME, $$ and $(...) are left to the shell that a command may run.
// "$${" stands for the characters "${".
#pragma once

#include "reeve/model/config_parse.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace reeve {

// What well-formed texts match, for the schema (ECMA 262 without look-ahead, so also POSIX extended).
inline constexpr const char* template_pattern =
    "^([^$\\u0000]|\\$+[^${\\u0000]|\\$\\$+\\{|\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}\\u0000]*)?\\})*\\$*$";

struct FilledIn {
    std::string text;
    bool malformed = false;              // a "${" that is none of the three forms
    std::optional<std::string> unknown;  // the first variable that is not set and has no default
};

FilledIn fill_in(std::string_view text, const ConfigSurroundings& around);

bool is_variable_name(std::string_view text);

}  // namespace reeve

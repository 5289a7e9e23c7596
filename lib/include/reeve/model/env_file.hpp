// Files of variables: one NAME=value a line.
//
//   # a comment; blank lines are nothing
//   NAME=value to the end of the line, without the blanks around it
//   export NAME=value        "export" is accepted, for files that shells read too
//   NAME='as it is'          nothing in it is special
//   NAME="a\tb\n\"\\"        \n \t \r \" \\ \$ stand for what they do in a shell
//
// Nothing is filled in, and a # in a value is part of it: passwords hold both.
#pragma once

#include "reeve/base/result.hpp"

#include <map>
#include <string>
#include <string_view>

namespace reeve {

// Errc::invalid_data names the line, and never quotes a value. A later line of the same name wins.
Result<std::map<std::string, std::string>> parse_env_file(std::string_view text, const std::string& file);

// Variables that reeve itself sets in every session.
bool is_reserved_variable(std::string_view name);

}  // namespace reeve

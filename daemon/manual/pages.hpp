// The manual pages, in the language of man(7).
#pragma once

#include "grammar_view.hpp"

#include <string>

namespace reeve {

// reeve(1): the commands, from the grammar of the command line.
std::string command_page(const GrammarView& grammar);
// reeve.json(5): the keys, from the JSON Schema, which comes from the parser's own table.
std::string config_page(const std::string& schema);

}  // namespace reeve

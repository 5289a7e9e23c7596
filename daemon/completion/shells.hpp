// The completions of each shell, as the text that it sources.
#pragma once

#include "grammar_view.hpp"

#include <string>

namespace reeve {

std::string bash_completion(const GrammarView& grammar);
std::string zsh_completion(const GrammarView& grammar);
std::string fish_completion(const GrammarView& grammar);

}  // namespace reeve

// Why a text is not JSON, in words that say what to change.
#pragma once

#include <string>

namespace reeve {

struct SyntaxExplanation {
    std::string what, fix;
};

enum class SyntaxPlace { nothing_yet, after_an_element, elsewhere };

// `said` is nlohmann's own message: its wording is only used to choose between messages of ours, and shown
// when none of them fits. `first` is the byte that the refused token begins with.
SyntaxExplanation explain_syntax(const std::string& said, char first, SyntaxPlace place);

}  // namespace reeve

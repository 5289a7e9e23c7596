#include "commands/tree_text.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

namespace reeve {
namespace {

struct Branches {
    const char *middle, *last, *past, *none;
};
constexpr Branches drawn{"├─ ", "└─ ", "│  ", "   "};
constexpr Branches ascii{"|- ", "`- ", "|  ", "   "};

// The first of these that is set counts. locale(7).
bool utf8_locale() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        std::string text(value);
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return text.find("utf-8") != text.npos || text.find("utf8") != text.npos;
    }
    return false;
}

void add_below(const TreeNode& node, const std::string& margin, const Branches& branches, std::string& text) {
    for (std::size_t i = 0; i < node.children.size(); ++i) {
        const bool last = i + 1 == node.children.size();
        text += margin + (last ? branches.last : branches.middle) + node.children[i].label + "\n";
        add_below(node.children[i], margin + (last ? branches.none : branches.past), branches, text);
    }
}

}  // namespace

std::string tree_text(const TreeNode& root) {
    std::string text = root.label + "\n";
    add_below(root, "", utf8_locale() ? drawn : ascii, text);
    return text;
}

}  // namespace reeve

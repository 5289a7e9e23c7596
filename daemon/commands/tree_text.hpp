// Trees for people: branches drawn where the locale has the characters, and in ASCII elsewhere.
#pragma once

#include <string>
#include <vector>

namespace reeve {

struct TreeNode {
    std::string label;
    std::vector<TreeNode> children;
};

// One line for the node and each below it.
std::string tree_text(const TreeNode& root);

}  // namespace reeve

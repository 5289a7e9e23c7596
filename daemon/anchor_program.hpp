// Turning this process into the anchor: the same pid goes on as a tiny program.
#pragma once

#include "reeve/base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace reeve {

// reeve-anchor, beside this program or in ../libexec/reeve. The error says where it was looked for.
Result<std::filesystem::path> find_anchor();

// Executes `anchor` with the arguments; returns only to say why it could not.
Error become_anchor(const std::filesystem::path& anchor, std::vector<std::string> arguments);

}  // namespace reeve

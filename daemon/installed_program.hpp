// The path of reeve that other programs' files may name.
#pragma once

#include "reeve/base/result.hpp"

#include <filesystem>

namespace reeve {

// Absolute. The name on PATH that leads to this very program, because package managers keep that name while
// the program itself moves to a folder of its version; this program's own path when PATH has none.
Result<std::filesystem::path> installed_program();

}  // namespace reeve

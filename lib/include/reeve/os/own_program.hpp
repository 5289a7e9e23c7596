// Where the program of this process is.
#pragma once

#include "reeve/base/result.hpp"

#include <filesystem>

namespace reeve {

// Absolute, links resolved. Linux: /proc/self/exe; macOS: _NSGetExecutablePath(3).
Result<std::filesystem::path> own_program();

}  // namespace reeve

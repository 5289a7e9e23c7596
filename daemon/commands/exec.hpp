// reeve exec [--name N] [--grace TIME] -- CMD...: a command bound to its caller.
#pragma once

#include "options.hpp"

namespace reeve {

int run_exec(const Options& options);

}  // namespace reeve

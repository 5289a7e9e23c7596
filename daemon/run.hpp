// reeve run: becomes the anchor, which runs the supervisor below it.
#pragma once

#include "options.hpp"

namespace reeve {

int run_run(const Options& options);

}  // namespace reeve

// reeve start, stop, restart NAME..., and reload: what is asked of a running supervisor.
#pragma once

#include "options.hpp"

namespace reeve {

int run_control(const Options& options);

}  // namespace reeve

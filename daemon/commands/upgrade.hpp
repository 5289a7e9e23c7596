// reeve upgrade: another program in the place of the running supervisor's; sessions go on.
#pragma once

#include "options.hpp"

namespace reeve {

int run_upgrade(const Options& options);

}  // namespace reeve

// reeve status [NAME...] [--json] [--watch]
#pragma once

#include "options.hpp"

namespace reeve {

int run_status(const Options& options);

}  // namespace reeve

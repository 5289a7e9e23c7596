// reeve reap [--dry-run] [--json]: with a running supervisor or without.
#pragma once

#include "options.hpp"

namespace reeve {

int run_reap(const Options& options);

}  // namespace reeve

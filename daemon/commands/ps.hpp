// reeve ps [--json]: every instance in the registry, alive or not, with what it runs.
#pragma once

#include "options.hpp"

namespace reeve {

int run_ps(const Options& options);

}  // namespace reeve

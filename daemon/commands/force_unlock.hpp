// `reeve force-unlock`: removes a lock that nobody should hold, and shows what it said.
#pragma once

#include "options.hpp"

namespace reeve {

int run_force_unlock(const Options& options);

}  // namespace reeve

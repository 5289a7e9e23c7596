// `reeve lock`: who holds the store. Never takes the lock, not even for a moment.
#pragma once

#include "options.hpp"

namespace reeve {

int run_lock(const Options& options);

}  // namespace reeve

// reeve selftest: kill -9 everything in a temporary store, and count survivors.
#pragma once

#include "options.hpp"

namespace reeve {

int run_selftest(const Options& options);

}  // namespace reeve

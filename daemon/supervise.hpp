// The supervisor as a process: signals, store, lock, loop, exit status.
#pragma once

#include "options.hpp"

namespace reeve {

int run_supervise(const Options& options);

}  // namespace reeve

// reeve why PID|CONTAINER: whose it is, and the proof; its receipt when it was killed.
#pragma once

#include "options.hpp"

namespace reeve {

int run_why(const Options& options);

}  // namespace reeve

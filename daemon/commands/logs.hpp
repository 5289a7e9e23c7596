// reeve logs [-f] [-n N] NAME: a session's output.
#pragma once

#include "options.hpp"

namespace reeve {

int run_logs(const Options& options);

}  // namespace reeve

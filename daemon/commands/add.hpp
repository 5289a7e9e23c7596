#pragma once

#include "options.hpp"

namespace reeve {

// reeve add: a session that is not in the configuration.
int run_add(const Options& options);

}  // namespace reeve

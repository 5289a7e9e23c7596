#pragma once

#include "options.hpp"

namespace reeve {

int run_reload(const Options& options);

}  // namespace reeve

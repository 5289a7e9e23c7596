// `reeve check`: every mistake in a configuration, with its place and what to do about it.
#pragma once

#include "options.hpp"

namespace reeve {

int run_check(const Options& options);

}  // namespace reeve

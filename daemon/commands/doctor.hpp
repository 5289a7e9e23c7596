// `reeve doctor`: what is wrong on this machine, and how to mend it.
#pragma once

#include "options.hpp"

namespace reeve {

int run_doctor(const Options& options);

}  // namespace reeve

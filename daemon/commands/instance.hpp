// reeve instance register, track, untrack, unregister: what other programs call to bind what they run to
// themselves.
#pragma once

#include "options.hpp"

namespace reeve {

int run_instance(const Options& options);
// What the anchor of `reeve exec` becomes when the command started a container.
int run_finish_exec(const Options& options);

}  // namespace reeve

// `reeve man 1|5`: the manual pages, made from the grammar of the command line and from the table of the
// configuration. The build calls it.
#pragma once

#include "options.hpp"

namespace reeve {

int run_manual(const Options& options);

}  // namespace reeve

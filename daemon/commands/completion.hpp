// `reeve completion SHELL`: completions made from the grammar of the command line.
#pragma once

#include "options.hpp"

namespace reeve {

int run_completion(const Options& options);
// `reeve names`: the names of sessions in the status file, one a line. Completions ask for them.
int run_names(const Options& options);

}  // namespace reeve

// Processes that try to get away from whoever runs them, each in another way.
#pragma once

#include "options.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace reeve {

// Hidden command `reeve zoo MARK`: the leader; starts one member of each kind, polite and stubborn (ignoring
// SIGTERM), and stays. `reeve zoo MARK KIND` is one member. All leave by themselves after ten minutes,
// whatever happens.
int run_zoo(const Options& options);

// How many processes a leader and its members are.
int zoo_size();
// Every living process whose command line bears the mark: found by its arguments, which none of the ways out
// can hide.
std::vector<pid_t> find_marked(const std::string& mark);

}  // namespace reeve

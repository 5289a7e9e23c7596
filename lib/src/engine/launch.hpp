// Starts a program in a process group of its own. The only place that knows Boost.Process.
#pragma once

#include "reeve/base/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace reeve {

struct Launch {
    std::filesystem::path program;                 // absolute
    std::vector<std::string> args;                 // without argv[0]
    std::map<std::string, std::string> extra_env;  // on top of our own environment
    // The child's standard streams. They stay the caller's to close.
    int in = -1;
    int out = -1;
    int err = -1;
};

// The pid of a child that has executed the program and leads a process group of the same number. The caller
// must reap it. An error carries the errno of execve(2), and leaves no child behind.
Result<pid_t> launch(const Launch& what);

}  // namespace reeve

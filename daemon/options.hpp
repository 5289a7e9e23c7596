// The command line as values: which command, and what it was told.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace reeve {

struct Options {
    std::string command;                // "status", "check", ...
    std::optional<std::string> store;   // --store: see find_store
    std::optional<std::string> config;  // --config, and FILE of check: see config_file.hpp
    std::vector<std::string> names;     // of sessions
    bool json = false;
    bool watch = false;    // status
    bool follow = false;   // logs
    bool dry_run = false;  // reap
    bool force = false;    // force-unlock
    int lines = 100;       // logs: so many of the last ones
};

// The options, or the exit status when there is nothing left to do: help and version were printed, or the
// command line is wrong and that was said.
std::variant<Options, int> parse_options(int argc, const char* const* argv);

}  // namespace reeve

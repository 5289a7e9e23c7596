// The files of variables that a session names in "env_file".
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/config.hpp"

#include <map>
#include <string>
#include <vector>

namespace reeve {

// "~" and "~/..." with the home directory, from $HOME, or "/" when there is none; anything else as it is.
std::string with_home(const std::string& path);

// All of them, in their order: a later file wins. Links are followed; a FIFO or device is refused, and a file
// over 1 MiB. The error names file and line, and no value.
Result<std::map<std::string, std::string>> read_env_files(const std::vector<std::string>& paths);

// What the session's configuration says: its files, and above them what "env" says.
Result<std::map<std::string, std::string>> variables_of(const SessionConfig& config);

}  // namespace reeve

// The configuration file: where it is, and what it says.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/config.hpp"
#include "reeve/model/config_parse.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

struct ConfigFile {
    std::filesystem::path path;
    bool present = false;  // false: no file at the default place, which is a valid configuration
    std::string text;      // of the file
    Config config;         // meaningful only when there are no problems
    std::vector<ConfigProblem> problems;  // in the order of the text

    // One line for each problem: "FILE:LINE:COLUMN: pointer: what; fix".
    std::string report() const;
};

// `option` (--config), else $REEVE_CONFIG, else $XDG_CONFIG_HOME/reeve/reeve.json, else
// ~/.config/reeve/reeve.json. Empty variables count as unset. Errc::bad_config when a file that was named is
// not there, or when any cannot be read; mistakes in its text are no error but `problems`. Variables are
// those of our own environment. `files_too`: an env_file that cannot be used is a problem; otherwise it is
// one of its session alone, when that starts.
enum class LookAt { the_text, files_too };
Result<ConfigFile> read_config_file(const std::optional<std::string>& option,
                                    LookAt look_at = LookAt::the_text);
// The same for a text that was read before; `path` is for messages.
ConfigFile config_of_text(std::filesystem::path path, std::string text, LookAt look_at = LookAt::the_text);

}  // namespace reeve

// Text to Config, with errors that a person can act on.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/config.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace reeve {

struct ConfigProblem {
    int line = 0;  // 1-based; 0: the file as a whole
    int column = 0;
    std::string pointer;  // JSON pointer, RFC 6901: "/sessions/api/restart"
    std::string what;     // "unknown key \"comand\""
    std::string fix;      // "did you mean \"command\"?"; "use one of: never, on-failure, always"
    // "FILE:LINE:COLUMN: POINTER: what; fix"
    std::string message(const std::string& file) const;
};

struct ParsedConfig {
    Config config;                        // meaningful only when there are no problems
    std::vector<ConfigProblem> problems;  // in the order of the text
};

// All problems at once, not only the first. Never throws, whatever the bytes.
ParsedConfig parse_config(std::string_view text);

struct ParsedSession {
    SessionConfig config;                 // meaningful only when there are no problems
    std::vector<ConfigProblem> problems;  // pointers begin at the session
};

// One session by itself, with the same rules. Whether what it comes `after` exists is the caller's to ask.
ParsedSession parse_session(std::string_view text);

// The keys that are not the same in both, for people: {"command", "env"}.
std::vector<std::string> changed_keys(const SessionConfig& before, const SessionConfig& after);
// The same for everything beside the sessions.
std::vector<std::string> changed_settings(const Config& before, const Config& after);

// The JSON Schema (draft-07) of the configuration, made from the same table as the parser.
std::string config_schema();

}  // namespace reeve

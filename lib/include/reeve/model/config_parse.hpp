// Text to Config, with errors that a person can act on.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/config.hpp"

#include <functional>
#include <optional>
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

// What a configuration may refer to, and what only the system can tell of it.
struct ConfigSurroundings {
    // The value of a variable for ${NAME}; nothing when it is not set. Unset: no variable is.
    std::function<std::optional<std::string>(const std::string& name)> variable;
    // Why an env_file cannot be used now; nothing when it can. Unset: not looked at, because it is read at
    // each start anyway.
    std::function<std::optional<std::string>(const std::string& path)> why_not_env_file;
};

// All problems at once, not only the first. Never throws, whatever the bytes. No problem quotes the value of
// a variable: it may be a secret.
ParsedConfig parse_config(std::string_view text, const ConfigSurroundings& around = {});

// A configuration that says the same with no blank or comment between its words: half of one that people have
// laid out. Of a text that parse_config() has read without a problem.
std::string without_blanks(std::string_view json);

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

// The command line as values: which command, and what it was told.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace CLI {
class App;
}

namespace reeve {

// reeve add: the keys of a session in the configuration.
struct AddOptions {
    std::optional<std::string> image, cwd, restart, grace, stop_signal;
    std::vector<std::string> env;             // NAME=value
    std::vector<std::string> after;           // names
    std::vector<std::string> engine_options;  // of the engine's create command
    std::vector<std::string> set;             // KEY=VALUE, for all other keys
    bool no_autostart = false;
};

struct Options {
    std::string command;                // "status", "check", ...
    std::optional<std::string> store;   // --store: see find_store
    std::optional<std::string> config;  // --config, and FILE of check: see config_file.hpp
    std::vector<std::string> names;     // of sessions
    bool json = false;
    bool watch = false;    // status
    bool follow = false;   // logs
    bool dry_run = false;  // reap, reload, service, mcp
    bool force = false;    // force-unlock
    bool all = false;      // reap: also what waits for the next supervisor
    int lines = 100;       // logs: so many of the last ones
    bool go_on = false;    // supervise: in the place of the program that this process executed before
    bool try_out = false;  // supervise: only say whether that could be done
    std::string scope;     // supervise: the scope that run has entered
    std::string no_scope;  // supervise: or why it has none
    pid_t anchor = -1;     // supervise: our parent, which may have died since it started us; -1: none

    std::vector<std::string> argv;  // exec, add: the command to run
    AddOptions add;
    std::string name = "main";             // exec, instance: of the session
    std::string grace = "5s";              // exec: from the polite signal to SIGKILL
    std::string action;                    // the second word of instance, service, mcp and zoo
    std::optional<std::string> id;         // instance: its id
    std::optional<int> pid;                // instance: the owner, or the process that is tracked
    std::optional<std::string> container;  // instance track, untrack
    std::optional<std::string> engine;     // instance track
    int status = 0;                        // finish-exec: what to exit with
    std::string subject;                   // why: a pid or a container; which one of completion, man, zoo
    std::optional<std::string> image;      // selftest: for its container
    std::optional<std::string> file;       // mcp: the client's configuration; upgrade: the new program
    bool now = false;                      // service install: start it too
};

// The options, or the exit status when there is nothing left to do: help and version were printed, or the
// command line is wrong and that was said.
std::variant<Options, int> parse_options(int argc, const char* const* argv);

// Shows the whole grammar, hidden commands included: manual pages and completions are made from it, so that
// they cannot say anything else than --help.
void describe_command_line(const std::function<void(const CLI::App& app)>& describe);

}  // namespace reeve

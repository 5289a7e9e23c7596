// The configuration: every knob, what it means, and its default. Values only; see config_parse.hpp for the
// text.
#pragma once

#include "reeve/model/ids.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

enum class RestartPolicy { never, on_failure, always };

struct BackoffConfig {
    std::chrono::milliseconds initial{200};  // before the first restart; doubles each time
    std::chrono::milliseconds max{30'000};
    bool operator==(const BackoffConfig&) const = default;
};

struct GiveUpConfig {  // so many restarts within this time: the session is failed, and left so
    int restarts = 10;
    std::chrono::milliseconds within{120'000};
    bool operator==(const GiveUpConfig&) const = default;
};

struct StopConfig {
    int signal = 15;                          // number; text form TERM, INT, QUIT, HUP, USR1, USR2, KILL
    std::chrono::milliseconds grace{10'000};  // then SIGKILL to the whole tree
    bool operator==(const StopConfig&) const = default;
};

struct LogConfig {
    std::uint64_t max_size = 10u * 1024 * 1024;  // bytes; rotated then
    int keep = 5;                                // rotated files kept
    bool operator==(const LogConfig&) const = default;
};

struct SessionConfig {
    // Exactly one of the two is set.
    std::vector<std::string> command;  // argv; [0] is looked up on PATH
    std::string image;

    std::string cwd;  // process: "~/" is the home directory; empty: the store's owner's home
    std::map<std::string, std::string> env;  // on top of the supervisor's environment
    std::vector<std::string> options;        // container: of `docker create`
    std::vector<std::string> args;           // container: after the image
    RestartPolicy restart = RestartPolicy::on_failure;
    BackoffConfig backoff;
    GiveUpConfig give_up_after;
    StopConfig stop;
    LogConfig log;
    std::vector<SessionName> after;  // started when these are ready, stopped before them
    bool autostart = true;
    bool operator==(const SessionConfig&) const = default;
};

struct EngineConfig {
    std::string command = "docker";
    std::string endpoint;  // empty: the command's default
    std::chrono::milliseconds timeout{30'000};
    bool operator==(const EngineConfig&) const = default;
};

struct Config {
    EngineConfig engine;
    std::map<SessionName, SessionConfig> sessions;
    int max_sessions = 1000;                          // configured and added ones together
    std::chrono::milliseconds reap_grace{5'000};      // TERM to KILL for what dead instances left
    std::chrono::milliseconds stop_deadline{60'000};  // of a whole orderly stop
    bool operator==(const Config&) const = default;
};

}  // namespace reeve

// The configuration: every knob, what it means, and its default. Values only; see config_parse.hpp for the
// text.
#pragma once

#include "reeve/base/argv.hpp"
#include "reeve/base/seldom.hpp"
#include "reeve/model/ids.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

enum class RestartPolicy {
    never,
    on_failure,
    always,
    unless_stopped  // as always; and who stopped it by hand finds it stopped after a restart of the
                    // supervisor
};

// What happens to a running session when its supervisor dies without having stopped it.
enum class OnOwnerDeath {
    reap,  // it is ended
    adopt  // the next supervisor takes it over, if it can prove which one it is
};

struct BackoffConfig {
    std::chrono::milliseconds initial{200};  // before the first restart; doubles each time
    std::chrono::milliseconds max{30'000};
    std::chrono::milliseconds reset_after{10'000};  // a life this long was no crash at start
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

// What is looked at to tell whether a session is well. Exactly one is set.
struct ProbeTarget {
    std::string http;               // "http://127.0.0.1:8000/": answered with a status of 200 to 399
    std::string tcp;                // "127.0.0.1:5432": accepts a connection
    std::vector<std::string> exec;  // exits with 0; of a container: run inside
    std::string log;                // POSIX extended regular expression, for a line of its output
    bool notify = false;            // READY=1, or WATCHDOG=1, on $NOTIFY_SOCKET
    bool engine = false;            // the container's HEALTHCHECK
    bool operator==(const ProbeTarget&) const = default;
};

struct ReadyConfig {
    ProbeTarget by;
    std::chrono::milliseconds timeout{60'000};   // not ready by then: this life has failed
    std::chrono::milliseconds interval{500};     // between two looks
    std::chrono::milliseconds initial_delay{0};  // before the first
    bool operator==(const ReadyConfig&) const = default;
};

struct LiveConfig {
    ProbeTarget by;
    std::chrono::milliseconds timeout{5'000};    // of one look
    std::chrono::milliseconds interval{10'000};  // between two looks; a sign must come in each
    std::chrono::milliseconds initial_delay{0};  // from when it is ready to the first
    int failures = 3;                            // so many in a row: it is ended, as a failure
    bool operator==(const LiveConfig&) const = default;
};

// What the kernel allows a process session; unset: as the supervisor was started.
struct LimitsConfig {
    static constexpr std::uint64_t unlimited = UINT64_MAX;
    std::optional<int> nofile, nproc;
    std::optional<std::uint64_t> as, core, data, fsize, memlock, stack;  // bytes
    std::optional<std::chrono::milliseconds> cpu;                        // rounded up to seconds
    std::optional<int> nice;
    bool operator==(const LimitsConfig&) const = default;
};

struct SessionConfig {
    // Exactly one of the two is set.
    Argv command;  // [0] is looked up on PATH
    std::string image;
    // The command with its ${VARIABLES} as written: what records and people are shown.
    Argv written_command;

    std::string cwd;  // process: "~/" is the home directory; empty: the store's owner's home
    std::map<std::string, std::string> env;  // on top of the supervisor's environment
    std::vector<std::string> env_file;       // read at each start; what `env` says stands above them
    std::vector<std::string> options;        // container: of `docker create`
    std::vector<std::string> args;           // container: after the image
    RestartPolicy restart = RestartPolicy::on_failure;
    BackoffConfig backoff;
    GiveUpConfig give_up_after;
    Seldom<ReadyConfig> ready;  // unset: ready when it runs
    Seldom<LiveConfig> live;
    Seldom<LimitsConfig> limits;
    StopConfig stop;
    LogConfig log;
    std::vector<SessionName> after;  // started when these are ready, stopped before them
    bool autostart = true;
    OnOwnerDeath on_owner_death = OnOwnerDeath::reap;
    bool operator==(const SessionConfig&) const = default;
};

struct EngineConfig {
    std::string command = "docker";
    std::string endpoint;  // empty: the command's default
    std::chrono::milliseconds timeout{30'000};
    bool operator==(const EngineConfig&) const = default;
};

struct LogsConfig {
    std::uint64_t max_total =
        1024u * 1024 * 1024;  // bytes of all logs of the store; the oldest rotated ones go first
    bool operator==(const LogsConfig&) const = default;
};

// A directory with files of the instance tracker that Reeve follows; see model/foreign_record.hpp.
struct ForeignRegistryConfig {
    std::string path;
    std::string
        label;  // the key of the label that its containers bear, with the instance as value; empty: none
    bool operator==(const ForeignRegistryConfig&) const = default;
};

struct Config {
    EngineConfig engine;
    LogsConfig logs;
    std::map<SessionName, SessionConfig> sessions;
    int max_sessions = 1000;                          // configured and added ones together
    std::chrono::milliseconds reap_grace{5'000};      // TERM to KILL for what dead instances left
    std::chrono::milliseconds stop_deadline{60'000};  // of a whole orderly stop
    std::vector<ForeignRegistryConfig> foreign_registries;
    bool operator==(const Config&) const = default;
};

}  // namespace reeve

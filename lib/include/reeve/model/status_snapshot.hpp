// What status.json says: only what was observed. The fields are in docs/status.md.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/ids.hpp"

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

enum class SupervisorState { starting, running, safe, stopping, stopped };
enum class SessionState { waiting, starting, running, backoff, stopping, stopped, exited, failed };
inline constexpr int session_state_count = 8;
inline constexpr int supervisor_state_count = 5;
const char* to_string(SupervisorState state);
const char* to_string(SessionState state);

struct LastExit {
    std::optional<int> code;    // nothing when a signal ended it
    std::optional<int> signal;  // nothing when it exited
    std::string at;
    std::optional<std::string> why = {};  // it was ended: "not live: ..."; nothing when it ended by itself
    bool operator==(const LastExit&) const = default;
};

struct SessionStatus {
    std::string kind;  // "process" or "container"
    SessionState state = SessionState::stopped;
    std::optional<pid_t> pid;
    std::optional<std::string> container_id;
    bool ready = false;
    int restarts = 0;
    std::optional<std::string> started_at;
    std::optional<std::string> containment;  // "cgroup", "session", ...; nothing when nothing runs
    // Of the whole tree: 0 when nothing runs, nothing when it cannot be told.
    std::optional<std::uint64_t> memory_bytes = 0;
    std::optional<double> cpu_seconds = 0;
    bool added = false;    // by `reeve add`: not in the configuration
    bool adopted = false;  // the life under way was begun by an earlier supervisor
    std::optional<LastExit> last_exit;
    std::optional<std::string> attention;    // what a person should know or do
    std::optional<std::string> message;      // what it says of itself: STATUS= on $NOTIFY_SOCKET
    std::optional<std::string> last_output;  // the last lines of a session that has failed, bounded
};

struct ReapCounts {
    int instances = 0, processes_killed = 0, containers_removed = 0, networks_removed = 0,
        volumes_removed = 0, failed = 0;
    void add(const ReapCounts& other);
    bool anything() const { return *this != ReapCounts{}; }
    bool operator==(const ReapCounts&) const = default;
};

struct LastReap {
    std::string started_at;
    long long duration_ms = 0;
    ReapCounts counts;
};

struct PendingReap {
    std::string instance_id;
    std::string what;  // "process", "container", "network", "volume", "record"
    std::string why;
    int attempts = 0;
    std::string next_try_at;
};

struct EngineStatus {
    bool reachable = false;
    std::optional<std::string> version;
    std::optional<std::string> why;
};

struct InstanceCounts {
    int alive = 0, dead = 0, foreign = 0, quarantined = 0;
    bool operator==(const InstanceCounts&) const = default;
};

struct StatusSnapshot {
    std::string version;
    std::uint64_t seq = 0;
    std::string updated_at;
    SupervisorState state = SupervisorState::starting;
    InstanceId instance_id;
    pid_t pid = -1;
    std::optional<pid_t> anchor_pid;
    std::string hostname;
    std::string started_at;
    int upgrades = 0;  // in place, of this life
    std::string control;
    std::map<SessionName, SessionStatus> sessions;
    std::optional<LastReap> last_reap;
    std::vector<PendingReap> pending;
    ReapCounts totals;
    std::map<std::string, EngineStatus> engines;
    InstanceCounts instances;
    std::vector<std::string> attention;
};

std::string to_json(const StatusSnapshot& snapshot);
// One line each, for events.
std::string to_json(const SessionStatus& session);
std::string to_json(const LastReap& reap);
// Tolerant: unknown fields are accepted, absent ones keep their defaults. Errc::invalid_data only when it is
// no object or its state is none of ours.
Result<StatusSnapshot> status_snapshot_from_json(std::string_view text);

}  // namespace reeve

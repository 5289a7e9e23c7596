// One life of one owner and what it runs, as instances/<uuid>.json holds it.
//
// A record is written before a resource exists and goes only after the resource was seen to be gone. The
// top-level fields instance_id, pid and started_at are those of the instance tracker that Reeve follows, so
// its readers can load our files.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/model/process_identity.hpp"

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace reeve {

struct ProcessSessionRecord {
    pid_t pid = -1;  // -1: not launched yet
    std::uint64_t start_time = 0;
    std::uint64_t pidfs_inode = 0;  // 0: the kernel has none
    pid_t pgid = -1;
    std::string cgroup;  // path below the cgroup2 mount; empty: none
    std::vector<std::string> command;
    std::string started_at;  // RFC 3339 UTC
    bool operator==(const ProcessSessionRecord&) const = default;
};

struct ContainerSessionRecord {
    std::string engine;        // "docker", "podman", "nerdctl"
    std::string endpoint;      // e.g. unix:///var/run/docker.sock; empty: the engine's default
    std::string engine_id;     // the engine's own id; empty: not known
    std::string container;     // the name we give it
    ContainerId container_id;  // empty: not created yet, or not confirmed
    std::string image;
    std::string started_at;
    bool operator==(const ContainerSessionRecord&) const = default;
};

using SessionRecord = std::variant<ProcessSessionRecord, ContainerSessionRecord>;

enum class InstanceKind { supervisor, exec, external };

struct InstanceRecord {
    InstanceId instance_id;
    InstanceKind kind = InstanceKind::supervisor;
    ProcessIdentity owner;
    std::string hostname;    // for people
    std::string started_at;  // RFC 3339 UTC
    std::string cgroup;      // empty: none
    std::map<SessionName, SessionRecord> sessions;
    bool operator==(const InstanceRecord&) const = default;
};

// Ends with a newline. Bytes that are not UTF-8 (argv may hold any) are replaced by U+FFFD, never an
// exception.
std::string to_json(const InstanceRecord& record);
// Errc::invalid_data with the first thing that is wrong. Unknown fields are accepted; pids must be > 1, ids
// UUIDs.
Result<InstanceRecord> instance_record_from_json(std::string_view text);

const char* to_string(InstanceKind kind);

}  // namespace reeve

// One life of one owner and what it runs, as instances/<uuid>.json holds it.
//
// A record is written before a resource exists and goes only after the resource was seen to be gone. The
// top-level fields instance_id, pid and started_at are those of the instance tracker that Reeve follows, so
// its readers can load our files.
#pragma once

#include "reeve/base/argv.hpp"
#include "reeve/base/result.hpp"
#include "reeve/base/seldom.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/model/process_identity.hpp"

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace reeve {

// How a session outlives its owner.
struct Succession {
    bool adopt = false;  // the next supervisor takes it over; otherwise it is reaped
    // Of the configuration that it was launched by (model/fingerprint.hpp): the next supervisor must want the
    // same. Empty unless it is to be adopted.
    std::string spec;
    // The instance that launched it, whose id is in its environment, its mark, its control group or its
    // labels. Empty: the one whose record this is.
    InstanceId launched_by;
    bool operator==(const Succession&) const = default;
};

struct ProcessSessionRecord {
    pid_t pid = -1;  // -1: not launched yet
    std::uint64_t start_time = 0;
    std::uint64_t pidfs_inode = 0;  // 0: the kernel has none
    pid_t pgid = -1;
    std::string cgroup;  // path below the cgroup2 mount; empty: none
    Argv command;
    std::string started_at;  // RFC 3339 UTC
    Seldom<Succession> succession;
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
    Seldom<Succession> succession;
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

// Of whatever kind it is.
const Succession& succession_of(const SessionRecord& session);
Succession& succession_of(SessionRecord& session);  // made when there is none
// Whose sign a session bears that is on record in `record`.
const InstanceId& launcher_of(const InstanceRecord& record, const SessionRecord& session);
// Whether both name one process, or one container, beyond what a number can mean twice.
bool same_resource(const SessionRecord& one, const SessionRecord& other);

// Ends with a newline. Bytes that are not UTF-8 (argv may hold any) are replaced by U+FFFD, never an
// exception.
std::string to_json(const InstanceRecord& record);
// Errc::invalid_data with the first thing that is wrong. Unknown fields are accepted; pids must be > 1, ids
// UUIDs.
Result<InstanceRecord> instance_record_from_json(std::string_view text);

const char* to_string(InstanceKind kind);

}  // namespace reeve

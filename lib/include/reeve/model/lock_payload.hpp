// Who holds the store, as .locked says it. The file explains; the kernel's lock decides.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/model/process_identity.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace reeve {

struct LockPayload {
    pid_t pid = -1;
    std::string hostname;
    std::string started_at;  // RFC 3339, UTC; other programs write +00:00 where we write Z
    int schema_version = 1;  // any value > 0 is read
    // The rest is ours; a payload of another program has none of it.
    std::uint64_t start_time = 0;
    std::string boot_id;
    std::string machine_id;
    std::uint64_t pid_ns = 0;
    std::uint64_t pidfs_inode = 0;
    InstanceId instance_id;

    ProcessIdentity holder() const { return {pid, start_time, boot_id, machine_id, pid_ns, pidfs_inode}; }
    bool operator==(const LockPayload&) const = default;
};

std::string to_json(const LockPayload& payload);
// Errc::invalid_data when a required field is missing or of the wrong type (true is no pid), or pid <= 0.
Result<LockPayload> lock_payload_from_json(std::string_view text);

}  // namespace reeve

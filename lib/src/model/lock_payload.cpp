#include "reeve/model/lock_payload.hpp"

#include "json_fields.hpp"

namespace reeve {

std::string to_json(const LockPayload& payload) {
    OrderedJson json = {{"pid", payload.pid},
                        {"hostname", payload.hostname},
                        {"started_at", payload.started_at},
                        {"schema_version", payload.schema_version},
                        {"start_time", payload.start_time},
                        {"boot_id", payload.boot_id},
                        {"machine_id", payload.machine_id},
                        {"pid_ns", payload.pid_ns},
                        {"pidfs_inode", payload.pidfs_inode},
                        {"instance_id", payload.instance_id.value}};
    return dump_json_pretty(json);
}

Result<LockPayload> lock_payload_from_json(std::string_view text) {
    using Need = JsonFields::Need;
    const std::string what = "reading a lock file";
    TRY(const Json json, parse_json(text, what));
    JsonFields fields(json, "");
    LockPayload payload;
    payload.pid = fields.pid("pid", Need::required, 1);
    payload.hostname = fields.text("hostname", Need::required);
    payload.started_at = fields.text("started_at", Need::required);
    payload.schema_version = fields.schema_version(Need::required);
    if (fields.problem()) return Error(Errc::invalid_data, what, *fields.problem());

    // Our own additions are taken where they are what we write, and are absent otherwise: another program may
    // use such a name for something else, and a file that names its holder must not count as corrupt, because
    // what is corrupt may be taken over.
    payload.start_time = uint_field(json, "start_time").value_or(0);
    payload.boot_id = string_field(json, "boot_id").value_or("");
    payload.machine_id = string_field(json, "machine_id").value_or("");
    payload.pid_ns = uint_field(json, "pid_ns").value_or(0);
    payload.pidfs_inode = uint_field(json, "pidfs_inode").value_or(0);
    payload.instance_id.value = string_field(json, "instance_id").value_or("");
    if (!is_uuid(payload.instance_id.value)) payload.instance_id.value.clear();
    return payload;
}

}  // namespace reeve

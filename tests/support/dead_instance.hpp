// Records as a supervisor leaves them that was killed, made by hand: of owners and sessions as a test wants
// them.
#pragma once

#include "reeve/model/instance_record.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"
#include "reeve/store/store.hpp"
#include "support/stranger.hpp"
#include "support/text_file.hpp"

namespace reeve::test {

inline ProcessIdentity identity_of(pid_t pid) { return identify(pid, this_host().value()).value(); }

inline ProcessIdentity identity_of_a_dead_process() {
    Stranger process;
    const ProcessIdentity identity = identity_of(process.pid());
    process.end();
    return identity;
}

inline InstanceRecord record_of(const ProcessIdentity& owner) {
    InstanceRecord record;
    record.instance_id.value = new_uuid();
    record.owner = owner;
    record.hostname = this_host().value().hostname;
    record.started_at = "2026-11-21T02:04:00.123Z";
    return record;
}

inline ProcessSessionRecord session_of(const ProcessIdentity& leader) {
    ProcessSessionRecord session;
    session.pid = session.pgid = leader.pid;
    session.start_time = leader.start_time;
    session.pidfs_inode = leader.pidfs_inode;
    session.command = {"sleep", "1000"};
    return session;
}

// Where it was put.
inline std::filesystem::path put_record(const std::filesystem::path& root, const InstanceRecord& record) {
    const Store store = Store::open_or_create(root).value();
    const auto path = store.paths().instance(record.instance_id);
    write_text(path, to_json(record));
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    return path;
}

}  // namespace reeve::test

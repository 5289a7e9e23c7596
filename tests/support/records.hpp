// Instance records with everything in them.
#pragma once

#include "reeve/model/instance_record.hpp"

namespace reeve::test {

inline constexpr const char* an_id = "8d7c1f3e-4b5a-4c6d-9e8f-0a1b2c3d4e5f";

inline InstanceRecord full_record() {
    InstanceRecord record;
    record.instance_id.value = an_id;
    record.kind = InstanceKind::exec;
    record.owner = {
        4242,       123456, "5f0c3b9e-1111-4222-8333-444455556666", "0123456789abcdef0123456789abcdef",
        4026531836, 789};
    record.hostname = "box";
    record.started_at = "2026-11-21T02:04:00.123Z";
    record.cgroup = "/user.slice/reeve-1";
    ProcessSessionRecord api;
    api.pid = 4250;
    api.start_time = 123460;
    api.pidfs_inode = 790;
    api.pgid = 4250;
    api.cgroup = "/user.slice/reeve-1/api";
    api.command = {"python3", "-m", "http.server"};
    api.started_at = "2026-11-21T02:04:01.000Z";
    Succession& succession = api.succession.emplace();
    succession.adopt = true;
    succession.spec = "0123456789abcdef";
    succession.launched_by.value = "1d7c1f3e-4b5a-4c6d-9e8f-0a1b2c3d4e5f";
    record.sessions.emplace(SessionName{"api"}, api);
    ContainerSessionRecord db;
    db.engine = "docker";
    db.endpoint = "unix:///var/run/docker.sock";
    db.engine_id = "ABCD:EFGH";
    db.container = "reeve-db-1";
    db.container_id.value = std::string(64, 'a');
    db.image = "postgres:16";
    db.started_at = "2026-11-21T02:04:02.000Z";
    record.sessions.emplace(SessionName{"db"}, db);
    return record;
}

}  // namespace reeve::test

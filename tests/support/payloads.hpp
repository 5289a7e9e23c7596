// Lock payloads of processes that live, and of some that do not.
#pragma once

#include "reeve/base/time_text.hpp"
#include "reeve/model/lock_payload.hpp"
#include "reeve/os/process_table.hpp"
#include "support/forked.hpp"

namespace reeve::test {

inline Host here() { return this_host().value(); }

inline LockPayload payload_of(const ProcessIdentity& process) {
    LockPayload payload;
    payload.pid = process.pid;
    payload.hostname = here().hostname;
    payload.started_at = now_rfc3339();
    payload.start_time = process.start_time;
    payload.boot_id = process.boot_id;
    payload.machine_id = process.machine_id;
    payload.pid_ns = process.pid_ns;
    payload.pidfs_inode = process.pidfs_inode;
    payload.instance_id.value = "11111111-2222-4333-8444-555555555555";
    return payload;
}
inline LockPayload payload_of(pid_t pid) { return payload_of(identify(pid, here()).value()); }
inline LockPayload payload_of_ours() { return payload_of(::getpid()); }

inline LockPayload payload_of_a_dead_process() {
    Forked process([](const Forked::Test& test) { test.wait(); });
    const auto payload = payload_of(process.pid());
    process.kill();
    return payload;
}

// As programs write it that know nothing of start times.
inline std::string plain_payload(pid_t pid, const std::string& hostname, const std::string& started_at) {
    return R"({"pid": )" + std::to_string(pid) + R"(, "hostname": ")" + hostname + R"(", "started_at": ")" +
           started_at + R"(", "schema_version": 1})";
}

}  // namespace reeve::test

// The living members of sessions' trees, each with a hold on it and a proof that stood while the hold was
// there.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/model/instance_record.hpp"
#include "reeve/model/process_identity.hpp"
#include "reeve/model/process_tree.hpp"
#include "reeve/os/process_handle.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reeve {

struct ProvenProcess {
    ProcessHandle handle;
    TreeMember member;
    std::string name;  // for people
};

// Where a session was recorded to run.
struct RecordedLeader {
    InstanceId instance;     // whose record it is in
    InstanceId launched_by;  // whose sign it bears; empty: of `instance`
    SessionName name;
    ProcessIdentity leader;  // pid -1: never launched
    bool own_session = true;
    // It is our child and we have not reaped it: proof by itself, also as a zombie.
    bool unreaped_child = false;
    // It was seen alive in a later tick of the clock than the one that it started in: whoever has its number
    // next starts later still, so the start time alone tells them apart. For processes that others have
    // launched, which bear no sign of ours, on kernels that have no pidfs (before 6.9).
    bool start_time_is_proof = false;
    // The session's anchor, our own child and not reaped. While it lives everything of the session descends
    // from it, so that it alone says who belongs to it; whoever asks must look afterwards whether it still
    // did. -1: none.
    pid_t anchor = -1;
    // Empty: none. With one, it alone says who belongs to the session.
    std::string cgroup;
    bool contained() const { return !cgroup.empty(); }
    const InstanceId& sign_of() const { return launched_by.empty() ? instance : launched_by; }
};

// The process sessions of an instance, as leaders to look for.
std::vector<RecordedLeader> leaders_of(const InstanceRecord& record);

// Reads the process table once for all leaders, opens a handle on every candidate, and *then* proves each
// again from what the kernel says of it: identity unchanged since the table was read, and the evidence still
// there. What cannot be proved is not in the answer.
//
// The identity of a leader that is not our child counts only with a second witness, unless start times are
// unique or `start_time_is_proof`: the pidfs inode, or the token in its environment.
Result<std::vector<ProvenProcess>> find_processes(std::span<const RecordedLeader> leaders, const Host& here);

// The leader alone, if it lives and is the recorded one beyond doubt: its identity, and a second witness.
struct ProvenLeader {
    ProcessHandle handle;
    const char* evidence;  // the witness, for people
};
Result<std::optional<ProvenLeader>> find_leader(const RecordedLeader& recorded, const Host& here);

// find_processes() as a task, which is what a Takedown asks for.
Task<Result<std::vector<ProvenProcess>>> find_soon(std::vector<RecordedLeader> leaders, Host here);

}  // namespace reeve

// Which processes belong to a session, and by what evidence. Pure: rows of the process table in, a verdict
// out.
//
// What counts as evidence, and why it cannot point at a stranger:
//   leader       its identity is the recorded one, or it is our own child that nobody has reaped yet
//   descendant   the parent is one of ours (and lives, or it would not be the parent any more)
//   session id   the leader called setsid(2) before the command ran, so the id equals its pid. While the
//   leader is
//                there, even as a zombie, nobody else can have that id. Afterwards the number could in theory
//                belong to a later stranger, so one member must carry our token: a session that a descendant
//                of ours is in was opened by one of ours
//   cgroup       it is in the session's control group, which bears the instance's id (see os/cgroup.hpp)
//   token        REEVE_INSTANCE and REEVE_SESSION in the environment that it was executed with: 122 random
//   bits
//   mark         the inherited mark, 62 random bits that neither exec nor an empty environment clears (Linux)
//   subreaper    its parent is the session's anchor, which has adopted it and is our own child
// A process that left the session *and* cleared its environment *and* lost its parent shows one of the last
// two, or is in a cgroup. Where there is neither, it is left alone.
#pragma once

#include "reeve/model/ids.hpp"

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reeve {

struct ProcessRow {
    pid_t pid = -1;
    pid_t parent = -1;
    pid_t session = -1;
    pid_t group = -1;
    std::uint64_t start_time = 0;
    bool zombie = false;
    InstanceId instance;     // token; empty: none, or not readable
    SessionName name;        // token
    std::uint64_t mark = 0;  // 0: none, or not asked because there is a token
};

// One session to look for.
struct TreeRoot {
    InstanceId instance;
    SessionName name;
    pid_t leader = -1;            // -1: never launched
    bool leader_is_ours = false;  // proved right now; a zombie of ours counts
    bool own_session = true;      // the leader called setsid: its pid is a session id too
    std::uint64_t mark = 0;       // 0: nobody is found by it
    pid_t anchor = -1;            // our own child that adopts; never a member itself. -1: none
};

enum class Evidence { leader, descendant, session_id, token, cgroup, mark, subreaper };
const char* to_string(Evidence evidence);

struct TreeMember {
    ProcessRow row;
    std::size_t root = 0;  // index into the roots
    Evidence evidence = Evidence::token;
    pid_t by = -1;  // the process it follows from: its parent, or a member of its session
};

// Every living member of every root's tree; parents stand before their children. Never `self`, its ancestors
// or pid 1.
std::vector<TreeMember> find_members(std::span<const ProcessRow> table, std::span<const TreeRoot> roots,
                                     pid_t self);

}  // namespace reeve

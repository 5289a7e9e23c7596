#include "reeve/core/process_finder.hpp"

#include "reeve/model/labels.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/process_table.hpp"

#include <unistd.h>

#include <unordered_map>

namespace reeve {
namespace {

struct Token {
    InstanceId instance;
    SessionName name;
};

Token token_of(pid_t pid) {
    const std::string block = environment_block_of(pid);
    Token token;
    if (const auto instance = find_in_environment(block, env_instance)) token.instance.value = *instance;
    if (const auto name = find_in_environment(block, env_session)) token.name.value = *name;
    return token;
}

bool has_token(pid_t pid, const InstanceId& instance, const SessionName& name) {
    const Token token = token_of(pid);
    return token.instance == instance && token.name == name;
}

std::uint64_t mark_of(const RecordedLeader& root) { return inherited_mark(root.sign_of(), root.name); }

// What a process of the session has from it, and a stranger cannot.
bool has_sign(pid_t pid, const RecordedLeader& root) {
    return has_token(pid, root.sign_of(), root.name) || inherited_mark_of(pid) == mark_of(root);
}

// By what it is certain that `handle` holds the recorded leader; nullptr: by nothing. Where a start time
// alone is no proof (the ticks of Linux are 10 ms wide), a second witness is asked for.
const char* witness_of(const ProcessHandle& handle, const RecordedLeader& recorded, const Host& here) {
    const ProcessSeen seen = handle.look();
    if (compare(recorded.leader, here, seen) != Identity::same) return nullptr;
    const char* witness = nullptr;
    if (is_cgroup_of(recorded.cgroup, recorded.sign_of().value) &&
        is_in_cgroup(handle.pid(), recorded.cgroup))
        witness = "start time and control group";
    else if (seen.pidfs_inode != 0 && seen.pidfs_inode == recorded.leader.pidfs_inode)
        witness = "start time and pidfs inode";
    else if (start_times_are_unique() || recorded.start_time_is_proof)
        witness = "start time";
    else if (has_sign(handle.pid(), recorded))
        witness = "start time and inherited sign";
    return handle.ended() ? nullptr : witness;
}

bool is_leader(const ProcessHandle& handle, const RecordedLeader& recorded, const Host& here) {
    if (recorded.unreaped_child) return true;  // nobody else can have the pid of our zombie or child
    return witness_of(handle, recorded, here) != nullptr;
}

// By pid. What was proved of a process holds for as long as its handle does, so a leader needs no second
// proof.
using HeldLeaders = std::unordered_map<pid_t, ProcessHandle>;

bool leader_is_ours(const RecordedLeader& recorded, const Host& here, HeldLeaders& held) {
    if (recorded.leader.pid <= 1) return false;
    if (recorded.unreaped_child) return true;
    auto handle = ProcessHandle::open(recorded.leader.pid);
    if (!handle.ok() || !handle->has_value() || !is_leader(**handle, recorded, here)) return false;
    held.emplace(recorded.leader.pid, std::move(**handle));
    return true;
}

// With the tokens and marks of all but the leaders that are proved, which cost two more files a process, or
// without.
std::vector<ProcessRow> read_table(const std::vector<ProcessEntry>& entries, bool signs,
                                   const HeldLeaders& proved) {
    std::vector<ProcessRow> rows;
    rows.reserve(entries.size());
    for (const ProcessEntry& entry : entries) {
        ProcessRow row{
            entry.pid, entry.parent, entry.session, entry.group, entry.start_time, entry.zombie, {}, {}, 0};
        // Processes of another user do not show us theirs; kernel threads (children of 2) have none.
        if (signs && !entry.zombie && entry.parent != 2 && !proved.contains(entry.pid)) {
            Token token = token_of(entry.pid);
            row.instance = std::move(token.instance);
            row.name = std::move(token.name);
            if (row.instance.empty()) row.mark = inherited_mark_of(entry.pid);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

// Looks again, now that a handle pins the process: the evidence must hold for what the handle holds.
bool still_proved(const ProvenProcess& candidate, const RecordedLeader& root, const Host& here,
                  const std::unordered_map<pid_t, const ProcessHandle*>& held) {
    const ProcessRow& row = candidate.member.row;
    const auto now = process_entry(row.pid);
    if (!now || now->start_time != row.start_time) return false;
    bool evident = false;
    switch (candidate.member.evidence) {
        case Evidence::leader:
            evident = is_leader(candidate.handle, root, here);
            break;
        case Evidence::session_id:
            evident = now->session == row.session;
            break;
        case Evidence::token:
            evident = has_token(row.pid, root.sign_of(), root.name);
            break;
        case Evidence::mark:
            evident = inherited_mark_of(row.pid) == mark_of(root);
            break;
        case Evidence::subreaper:
            // Our own child that we have not reaped: the number is nobody else's, and a dead parent has no
            // children.
            evident = now->parent == root.anchor;
            break;
        case Evidence::cgroup:
            evident = is_in_cgroup(row.pid, root.cgroup);
            break;
        case Evidence::descendant: {
            // The parent is held, and was one of ours when it was: if it still is the parent and still lives,
            // the child is ours.
            const auto parent = held.find(candidate.member.by);
            evident = parent != held.end() && now->parent == candidate.member.by && !parent->second->ended();
            // A parent that has just gone leaves a child that the anchor has adopted, or whose own sign may
            // speak for it.
            if (!evident)
                evident = (root.anchor > 1 && now->parent == root.anchor) || has_sign(row.pid, root);
            break;
        }
    }
    // Asked last: while the handle says that it lives, everything above was about this very process.
    return evident && !candidate.handle.ended();
}

// A control group knows its members: no table needs to be read, and nothing inside can hide.
Status add_cgroup_members(const RecordedLeader& leader, std::size_t root, const Host& here,
                          std::vector<ProvenProcess>& proven) {
    if (!is_cgroup_of(leader.cgroup, leader.sign_of().value)) return done;
    TRY(const std::vector<pid_t> pids, processes_in_cgroup(leader.cgroup));
    for (const pid_t pid : pids) {
        TRY(auto handle, ProcessHandle::open(pid));
        const auto entry = process_entry(pid);
        if (!handle || !entry || entry->zombie || pid == ::getpid()) continue;
        const ProcessRow row{
            pid, entry->parent, entry->session, entry->group, entry->start_time, false, {}, {}, 0};
        ProvenProcess process{std::move(*handle), TreeMember{row, root, Evidence::cgroup}, entry->name};
        if (still_proved(process, leader, here, {})) proven.push_back(std::move(process));
    }
    return done;
}

// The others: by descent, session id and token, from one reading of the process table.
Status add_tree_members(std::span<const RecordedLeader> leaders, const Host& here,
                        std::vector<ProvenProcess>& proven) {
    std::vector<TreeRoot> roots;
    HeldLeaders held_leaders;
    bool any = false;
    bool signs = false;
    for (const RecordedLeader& leader : leaders) {
        TreeRoot root;  // one that is contained keeps its index, and matches nothing
        if (leader.anchor > 1) {
            root.anchor = leader.anchor;
            any = true;
        } else if (!leader.contained()) {
            root.instance = leader.sign_of();
            root.name = leader.name;
            root.leader = leader.leader.pid;
            root.own_session = leader.own_session;
            root.mark = mark_of(leader);
            root.leader_is_ours = leader_is_ours(leader, here, held_leaders);
            any = signs = true;
        }
        roots.push_back(std::move(root));
    }
    if (!any) return done;
    TRY(const std::vector<ProcessEntry> entries, list_processes());
    std::unordered_map<pid_t, std::string> names;
    for (const ProcessEntry& entry : entries) names[entry.pid] = entry.name;
    const std::vector<ProcessRow> table = read_table(entries, signs, held_leaders);

    std::vector<ProvenProcess> candidates;
    std::vector<bool> proved;
    for (TreeMember& member : find_members(table, roots, ::getpid())) {
        const pid_t pid = member.row.pid;
        const auto leader = member.evidence == Evidence::leader ? held_leaders.find(pid) : held_leaders.end();
        proved.push_back(leader != held_leaders.end());
        if (proved.back()) {
            candidates.push_back({std::move(leader->second), std::move(member), names[pid]});
            held_leaders.erase(leader);
            continue;
        }
        auto handle = ProcessHandle::open(pid);
        if (!handle.ok()) return handle.error();
        if (handle->has_value()) {
            candidates.push_back({std::move(**handle), std::move(member), names[pid]});
        } else {
            proved.pop_back();
        }
    }
    std::unordered_map<pid_t, const ProcessHandle*> held;
    std::vector<bool> keep(candidates.size());
    for (std::size_t i = 0; i < candidates.size(); ++i) {  // parents stand before their children
        const ProvenProcess& candidate = candidates[i];
        keep[i] = proved[i] ? !candidate.handle.ended()
                            : still_proved(candidate, leaders[candidate.member.root], here, held);
        if (keep[i]) held[candidate.member.row.pid] = &candidate.handle;
    }
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        if (keep[i]) proven.push_back(std::move(candidates[i]));
    }
    return done;
}

}  // namespace

std::vector<RecordedLeader> leaders_of(const InstanceRecord& record) {
    std::vector<RecordedLeader> leaders;
    for (const auto& [name, session] : record.sessions) {
        const auto* process = std::get_if<ProcessSessionRecord>(&session);
        if (process == nullptr) continue;
        RecordedLeader leader;
        leader.instance = record.instance_id;
        leader.launched_by = process->succession.or_default().launched_by;
        leader.name = name;
        leader.leader = record.owner;  // boot, machine and namespace are the owner's
        leader.leader.pid = process->pid;
        leader.leader.start_time = process->start_time;
        leader.leader.pidfs_inode = process->pidfs_inode;
        leader.own_session = process->pgid == process->pid;
        // Whoever tracked it has asked until_start_time_tells() before.
        leader.start_time_is_proof = record.kind == InstanceKind::external;
        leader.cgroup = process->cgroup;
        leaders.push_back(std::move(leader));
    }
    return leaders;
}

Result<std::optional<ProvenLeader>> find_leader(const RecordedLeader& recorded, const Host& here) {
    std::optional<ProvenLeader> none;
    if (recorded.leader.pid <= 1) return none;
    TRY(auto handle, ProcessHandle::open(recorded.leader.pid));
    const char* const witness = handle ? witness_of(*handle, recorded, here) : nullptr;
    if (witness == nullptr) return none;
    return std::optional<ProvenLeader>(ProvenLeader{std::move(*handle), witness});
}

Result<std::vector<ProvenProcess>> find_processes(std::span<const RecordedLeader> leaders, const Host& here) {
    std::vector<ProvenProcess> proven;
    for (std::size_t i = 0; i < leaders.size(); ++i) {
        if (!leaders[i].contained()) continue;
        CHECK(add_cgroup_members(leaders[i], i, here, proven));
    }
    CHECK(add_tree_members(leaders, here, proven));
    return proven;
}

Task<Result<std::vector<ProvenProcess>>> find_soon(std::vector<RecordedLeader> leaders, Host here) {
    co_return find_processes(leaders, here);
}

}  // namespace reeve

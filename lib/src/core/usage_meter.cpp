#include "reeve/core/usage_meter.hpp"

#include "reeve/model/process_tree.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/process_table.hpp"

#include <unistd.h>

#include <algorithm>

namespace reeve {
namespace {

constexpr int share = 10;  // of one processor: a tenth

void add_members(const std::vector<pid_t>& pids, ProcessUsage& sum) {
    for (const pid_t pid : pids) {
        if (const auto usage = usage_of(pid)) sum.add(*usage);
    }
}

// A figure needs no proof as a signal does: a leader is our own child, and the rest follows from it.
void measure_trees(const std::vector<const UsageTarget*>& targets,
                   std::map<SessionName, ProcessUsage>& figures) {
    const auto entries = list_processes();
    if (!entries.ok()) return;
    std::vector<ProcessRow> table;
    table.reserve(entries->size());
    for (const ProcessEntry& entry : *entries) {
        table.push_back(
            {entry.pid, entry.parent, entry.session, entry.group, entry.start_time, entry.zombie, {}, {}});
    }
    std::vector<TreeRoot> roots;
    roots.reserve(targets.size());
    for (const UsageTarget* target : targets) {
        // No instance: tokens were not read, so none may match.
        roots.push_back({{}, target->name, target->leader, true, target->container_id.empty()});
    }
    for (const TreeMember& member : find_members(table, roots, ::getpid())) {
        if (const auto usage = usage_of(member.row.pid)) figures[targets[member.root]->name].add(*usage);
    }
}

}  // namespace

std::map<SessionName, ProcessUsage> measure_usage(const std::vector<UsageTarget>& targets) {
    std::map<SessionName, ProcessUsage> figures;
    std::vector<const UsageTarget*> by_descent;
    for (const UsageTarget& target : targets) {
        std::string group = target.cgroup;
        if (!target.container_id.empty()) {
            // The engine may be on another machine, where its pid means somebody else.
            const auto named = container_cgroup_of(target.leader, target.container_id);
            if (!named) continue;
            group = *named;
        }
        if (group.empty())
            by_descent.push_back(&target);
        else if (const auto members = processes_in_cgroup(group); members.ok())
            add_members(*members, figures[target.name]);
    }
    if (!by_descent.empty()) measure_trees(by_descent, figures);
    return figures;
}

Task<void> UsageMeter::refresh(std::vector<UsageTarget> targets) {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (busy_) co_await done_.wait();
    std::ranges::sort(targets, {}, &UsageTarget::name);
    std::erase_if(figures_, [&](const Figure& figure) {
        return !std::ranges::binary_search(targets, figure.name, {}, &UsageTarget::name);
    });
    const auto began = Clock::now();
    if (began < next_) {  // only those of which nothing is known yet
        std::erase_if(targets, [this](const UsageTarget& target) {
            return of(target.name, target.leader).has_value();
        });
    }
    if (targets.empty()) co_return;
    busy_ = true;
    std::function<std::map<SessionName, ProcessUsage>()> work = [targets] { return measure_usage(targets); };
    const auto measured = co_await worker_.run<std::map<SessionName, ProcessUsage>>(std::move(work));
    for (const UsageTarget& target : targets) {
        const auto found = measured.find(target.name);
        auto at = std::ranges::lower_bound(figures_, target.name, {}, &Figure::name);
        const bool known = at != figures_.end() && at->name == target.name;
        if (found == measured.end()) {
            if (known) figures_.erase(at);
            continue;
        }
        if (!known) at = figures_.insert(at, {target.name, -1, {}});
        at->leader = target.leader;
        at->usage = found->second;
    }
    next_ = Clock::now() + (Clock::now() - began) * share;
    busy_ = false;
    done_.notify();
}

std::optional<ProcessUsage> UsageMeter::of(const SessionName& name, pid_t leader) const {
    const auto found = std::ranges::lower_bound(figures_, name, {}, &Figure::name);
    if (found == figures_.end() || found->name != name || found->leader != leader) return std::nullopt;
    return found->usage;
}

}  // namespace reeve

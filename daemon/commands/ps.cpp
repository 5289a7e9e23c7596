#include "commands/ps.hpp"

#include "commands/tree_text.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/text.hpp"
#include "reeve/core/process_finder.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/store/instance_registry.hpp"
#include "terminal.hpp"

#include <map>
#include <set>

namespace reeve {
namespace {

struct Row {
    const InstanceRecord* record = nullptr;
    OwnerState state = OwnerState::unknown;
};

// The processes of one session, parents before children, with their depth below the session.
struct TreeLine {
    const ProvenProcess* process = nullptr;
    int depth = 0;
};

void add_below(pid_t parent, int depth, const std::multimap<pid_t, const ProvenProcess*>& children,
               std::set<pid_t>& shown, std::vector<TreeLine>& lines) {
    const auto [first, last] = children.equal_range(parent);
    for (auto it = first; it != last; ++it) {
        if (!shown.insert(it->second->handle.pid()).second) continue;
        lines.push_back({it->second, depth});
        add_below(it->second->handle.pid(), depth + 1, children, shown, lines);
    }
}

std::vector<TreeLine> tree_of(const std::vector<const ProvenProcess*>& members) {
    std::set<pid_t> pids;
    std::multimap<pid_t, const ProvenProcess*> children;
    for (const auto* member : members) pids.insert(member->handle.pid());
    for (const auto* member : members) {
        const pid_t parent = member->member.row.parent;
        children.emplace(pids.contains(parent) ? parent : 0,
                         member);  // 0: its parent is not one of the session's
    }
    std::vector<TreeLine> lines;
    std::set<pid_t> shown;
    add_below(0, 0, children, shown, lines);
    return lines;
}

std::string describe(const ContainerSessionRecord& container) {
    const std::string id =
        container.container_id.empty() ? "not created yet" : container.container_id.value.substr(0, 12);
    return container.engine + " container " + container.container + " (" + id + ", " + container.image + ")";
}

// Below `depth` 0 the lines of a tree follow their parents.
std::vector<TreeNode> nodes_of(const std::vector<TreeLine>& lines, std::size_t& at, int depth) {
    std::vector<TreeNode> nodes;
    while (at < lines.size() && lines[at].depth >= depth) {
        const pid_t pid = lines[at].process->handle.pid();
        TreeNode node;
        node.label = std::to_string(pid) + " " + printable(command_line_of(pid, 160));
        ++at;
        node.children = nodes_of(lines, at, depth + 1);
        nodes.push_back(std::move(node));
    }
    return nodes;
}

TreeNode session_node(const SessionName& name, const SessionRecord& session,
                      const std::vector<TreeLine>& tree) {
    TreeNode node;
    node.label = styled(name.value, Style::bold);
    if (const auto* container = std::get_if<ContainerSessionRecord>(&session)) {
        node.label += ": " + printable(describe(*container));
        return node;
    }
    if (tree.empty()) node.label += ": no process";
    std::size_t at = 0;
    node.children = nodes_of(tree, at, 0);
    return node;
}

JsonOutput session_json(const SessionRecord& session, const std::vector<TreeLine>& tree) {
    if (const auto* container = std::get_if<ContainerSessionRecord>(&session)) {
        return {{"kind", "container"},
                {"engine", container->engine},
                {"container", container->container},
                {"container_id", text_or_null(container->container_id.value)},
                {"image", container->image}};
    }
    JsonOutput processes = JsonOutput::array();
    for (const TreeLine& line : tree) {
        processes.push_back({{"pid", line.process->handle.pid()},
                             {"parent", line.process->member.row.parent},
                             {"evidence", to_string(line.process->member.evidence)},
                             {"command", command_line_of(line.process->handle.pid())}});
    }
    return {
        {"kind", "process"}, {"pid", std::get<ProcessSessionRecord>(session).pid}, {"processes", processes}};
}

Status show(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    TRY(const Store store, Store::open(root));
    TRY(const Host here, this_host());
    const InstanceRegistry registry(store.paths());
    TRY(const auto entries, registry.list());

    std::vector<RecordedLeader> leaders;
    for (const auto& entry : entries) {
        if (!entry.record.ok()) continue;
        for (RecordedLeader& leader : leaders_of(*entry.record)) leaders.push_back(std::move(leader));
    }
    TRY(const auto processes, find_processes(leaders, here));
    std::map<std::pair<InstanceId, SessionName>, std::vector<const ProvenProcess*>> members;
    for (const ProvenProcess& process : processes) {
        const RecordedLeader& leader = leaders[process.member.root];
        members[{leader.instance, leader.name}].push_back(&process);
    }

    JsonOutput list = JsonOutput::array();
    std::string text;
    for (const auto& entry : entries) {
        if (!entry.record.ok()) {
            list.push_back({{"file", entry.path.string()},
                            {"state", "unreadable"},
                            {"why", entry.record.error().message()}});
            text += styled(entry.path.filename().string() + " unreadable", Style::bad) + ": " +
                    entry.record.error().why() + "\n";
            continue;
        }
        const InstanceRecord& record = *entry.record;
        const OwnerState state = judge_owner(record.owner, here, look_at(record.owner.pid));
        JsonOutput sessions = JsonOutput::object();
        TreeNode shown;
        shown.label = styled(record.instance_id.value, Style::bold) + " " + to_string(record.kind) + " " +
                      styled(to_string(state), state == OwnerState::alive ? Style::good : Style::warning) +
                      ", owner " + std::to_string(record.owner.pid) + " on " + printable(record.hostname) +
                      ", since " + printable(record.started_at);
        for (const auto& [name, session] : record.sessions) {
            const auto tree = tree_of(members[{record.instance_id, name}]);
            sessions[name.value] = session_json(session, tree);
            shown.children.push_back(session_node(name, session, tree));
        }
        text += tree_text(shown);
        list.push_back({{"instance_id", record.instance_id.value},
                        {"kind", to_string(record.kind)},
                        {"state", to_string(state)},
                        {"pid", record.owner.pid},
                        {"hostname", record.hostname},
                        {"started_at", record.started_at},
                        {"sessions", sessions}});
    }
    if (options.json)
        print_json(list);
    else
        print(text.empty() ? "no instances\n" : text);
    return done;
}

}  // namespace

int run_ps(const Options& options) { return exit_code::after(show(options)); }

}  // namespace reeve

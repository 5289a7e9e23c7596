#include "commands/why.hpp"

#include "commands/offline_reaper.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/core/process_finder.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/store/instance_registry.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <charconv>

namespace reeve {
namespace {

struct Answer {
    std::vector<std::string> lines;  // for people
    JsonOutput json = JsonOutput::object();
};

std::optional<pid_t> as_pid(const std::string& text) {
    pid_t pid = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (ec != std::errc{} || end != text.data() + text.size() || pid <= 0) return std::nullopt;
    return pid;
}

std::string owner_line(const InstanceRecord& record, const Host& here) {
    const OwnerState state = judge_owner(record.owner, here, look_at(record.owner.pid));
    return std::string(to_string(record.kind)) + " instance " + record.instance_id.value + ", owner " +
           std::to_string(record.owner.pid) + " (" + to_string(state) + ") on " + record.hostname +
           " since " + record.started_at;
}

// A living process: which session's tree it is in, and by what evidence, up to the session's leader.
Result<bool> explain_process(pid_t pid, const Store& store, const Host& here, Answer& answer) {
    TRY(const auto entries, InstanceRegistry(store.paths()).list());
    for (const auto& entry : entries) {
        if (!entry.record.ok()) continue;
        const InstanceRecord& record = *entry.record;
        if (record.owner.pid == pid && judge_owner(record.owner, here, look_at(pid)) == OwnerState::alive) {
            answer.lines = {std::to_string(pid) + " is the owner of " + owner_line(record, here)};
            answer.json = {{"pid", pid}, {"is", "owner"}, {"instance_id", record.instance_id.value}};
            return true;
        }
        const std::vector<RecordedLeader> leaders = leaders_of(record);
        TRY(const auto members, find_processes(leaders, here));
        const auto found = std::find_if(members.begin(), members.end(),
                                        [pid](const auto& m) { return m.handle.pid() == pid; });
        if (found == members.end()) continue;
        const RecordedLeader& leader = leaders[found->member.root];
        answer.lines = {
            std::to_string(pid) + " (" + found->name + ") belongs to session " + leader.name.value,
            "  of " + owner_line(record, here),
            "  evidence: " + std::string(to_string(found->member.evidence)) +
                (leader.cgroup.empty() ? std::string() : " " + leader.cgroup)};
        for (pid_t up = found->member.row.parent; up > 1;) {
            const auto above = process_entry(up);
            if (!above) break;
            answer.lines.push_back("  below " + std::to_string(up) + " " + command_line_of(up, 120));
            up = above->parent;
        }
        answer.json = {{"pid", pid},
                       {"is", "member"},
                       {"session", leader.name.value},
                       {"instance_id", record.instance_id.value},
                       {"evidence", to_string(found->member.evidence)},
                       {"cgroup", text_or_null(leader.cgroup)}};
        return true;
    }
    return false;
}

Result<bool> explain_container(const Options& options, Answer& answer) {
    TRY(const auto offline, OfflineReaper::make(options));
    std::vector<std::string> names{options.subject};
    const auto seen = offline->run(offline->engine().inspect_containers(names));
    if (!seen.ok() || seen->empty()) return false;
    const ContainerInfo& info = seen->front();
    const auto label = [&info](const char* key) {
        const auto it = info.labels.find(key);
        return it == info.labels.end() ? std::string() : it->second;
    };
    const bool ours = label(label_store) == offline->store().id().value;
    answer.lines = {"container " + info.name + " (" + info.id.value.substr(0, 12) + ", " + info.image + ")",
                    ours ? "  belongs to session " + label(label_session) + " of instance " +
                               label(label_instance) + ", by its labels on inspection"
                         : "  is not ours: it does not carry this store's label, and is never touched"};
    answer.json = {{"container", info.id.value},
                   {"is", ours ? "member" : "stranger"},
                   {"session", text_or_null(label(label_session))},
                   {"instance_id", text_or_null(label(label_instance))}};
    return true;
}

// What was killed or removed has a receipt: the last that names it.
void add_receipts(const std::string& subject, const Store& store, Answer& answer) {
    JsonOutput receipts = JsonOutput::array();
    const std::filesystem::path current = store.paths().receipts();
    for (const auto& file : {std::filesystem::path(current.string() + ".1"), current}) {
        const auto text = read_file(file);
        if (!text.ok()) continue;
        for (std::size_t at = 0; at < text->size();) {
            const std::size_t end = std::min(text->find('\n', at), text->size());
            const auto line =
                JsonOutput::parse(text->begin() + static_cast<std::ptrdiff_t>(at),
                                  text->begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
            at = end + 1;
            if (!line.is_object()) continue;
            const std::string name = line.value("name", "");
            const std::string detail = line.value("detail", "");
            const bool means = name == subject || (subject.size() >= 12 && name.starts_with(subject)) ||
                               detail.starts_with(subject + " ");
            if (means) receipts.push_back(line);
        }
    }
    for (const auto& receipt : receipts) {
        answer.lines.push_back(
            receipt.value("ts", "") + " " + receipt.value("what", "") + " " + receipt.value("name", "") +
            " (" + receipt.value("detail", "") + "): " + receipt.value("action", "") + ", " +
            receipt.value("outcome", "") + "; session " + receipt.value("session", "") + " of instance " +
            receipt.value("instance_id", "") + "; evidence: " + receipt.value("evidence", ""));
    }
    if (!receipts.empty()) answer.json["receipts"] = receipts;
}

Result<Answer> explain(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    TRY(const Store store, Store::open(root));
    TRY(const Host here, this_host());
    Answer answer;
    if (const auto pid = as_pid(options.subject)) {
        CHECK(explain_process(*pid, store, here, answer));
    } else {
        CHECK(explain_container(options, answer));
    }
    add_receipts(options.subject, store, answer);
    if (answer.lines.empty()) {
        return Error(Errc::not_found, "explaining " + options.subject,
                     "nothing in this store speaks of it: it is not ours", "see: reeve ps");
    }
    return answer;
}

}  // namespace

int run_why(const Options& options) {
    const auto answer = explain(options);
    if (!answer.ok()) return exit_code::after(answer.error());
    if (options.json)
        print_json(answer->json);
    else
        for (const auto& line : answer->lines) print_line(line);
    return exit_code::done;
}

}  // namespace reeve

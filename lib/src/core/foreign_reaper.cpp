#include "reeve/core/foreign_reaper.hpp"

#include "reeve/os/paths.hpp"
#include "reeve/os/process_table.hpp"

#include <algorithm>
#include <csignal>

namespace reeve {
namespace {

double now_in_seconds() {
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    return now.count();
}

OwnerState state_of(pid_t pid, double written) {
    const ProcessSeen seen = look_at(pid);
    return judge_by_clock(seen.state, wall_clock_start_of(pid), written, now_in_seconds());
}

}  // namespace

Result<std::filesystem::path> directory_of(const ForeignRegistryConfig& config) {
    if (!config.path.starts_with('~')) return std::filesystem::path(config.path);
    TRY(const std::filesystem::path home, home_directory());
    return config.path.size() > 2 ? home / config.path.substr(2) : home;
}

struct ForeignReaper::Case {
    ForeignRegistry registry;
    std::string label;
    ForeignRegistry::Entry entry;
    std::optional<LockedFile> claim = std::nullopt;
    bool something_left = false;
    const ForeignRecord& record() const { return *entry.record; }
    const InstanceId& id() const { return record().instance_id; }
};

ForeignReaper::ForeignReaper(Executor executor, ForeignReaperSettings settings, Worker& worker, EventLog& log)
    : executor_(std::move(executor)),
      settings_(std::move(settings)),
      worker_(worker),
      log_(log),
      receipts_(settings_.paths.receipts()) {}

ForeignReaper::~ForeignReaper() = default;

void ForeignReaper::hurry() {
    hurried_ = true;
    if (takedown_ != nullptr) takedown_->hurry();
}

void ForeignReaper::problem(const InstanceId& instance, std::string what, std::string why) {
    ++report_.counts.failed;
    log_.warn("not reaped yet", {{"instance", instance.value}, {"what", what}, {"why", why}});
    report_.problems.push_back({instance, std::move(what), std::move(why)});
}

// Reads every file and judges its owner.
Task<Status> ForeignReaper::look() {
    cases_.clear();
    leaders_.clear();
    owners_.clear();
    left_alone_.clear();
    for (const ForeignRegistryConfig& config : settings_.registries) {
        CO_TRY(const std::filesystem::path path, directory_of(config));
        const ForeignRegistry registry(path);
        using Entries = Result<std::vector<ForeignRegistry::Entry>>;
        std::function<Entries()> list = [registry] { return registry.list(); };
        Entries entries = co_await worker_.run<Entries>(std::move(list));
        if (!entries.ok()) {
            left_alone_.push_back(entries.error().message());
            continue;
        }
        for (auto& entry : *entries) judge(registry, config.label, std::move(entry));
    }
    co_return done;
}

void ForeignReaper::judge(const ForeignRegistry& registry, const std::string& label,
                          ForeignRegistry::Entry entry) {
    if (!entry.record.ok()) {  // not ours to put aside: its program may still want it
        left_alone_.push_back(entry.record.error().message());
        return;
    }
    const ForeignRecord& record = *entry.record;
    switch (state_of(record.pid, entry.written)) {
        case OwnerState::alive:
            owners_.push_back(record.pid);
            return;
        case OwnerState::foreign:
        case OwnerState::unknown:
            owners_.push_back(record.pid);  // when that process ends, all is clear
            left_alone_.push_back(entry.path.string() + ": process " + std::to_string(record.pid) +
                                  " has its owner's number, and may or may not be its owner");
            return;
        case OwnerState::dead:
            break;
    }
    cases_.push_back(std::make_unique<Case>(Case{registry, label, std::move(entry)}));
}

void ForeignReaper::judge_processes(Case& one) {
    for (const auto& [name, pid] : one.record().processes) {
        const OwnerState state = state_of(pid, one.entry.written);
        if (state == OwnerState::dead) continue;
        const auto identity = identify(pid, settings_.here);
        // Looked at again with its identity at hand: both looks saw the same process, or the start differs.
        const bool ours = state == OwnerState::alive && identity.ok() &&
                          state_of(pid, one.entry.written) == OwnerState::alive;
        if (!ours) {
            one.something_left = true;
            problem(one.id(), "process",
                    std::to_string(pid) + " (" + name +
                        ") started after the file was written: perhaps a stranger");
            continue;
        }
        RecordedLeader leader;
        leader.instance = one.id();
        leader.name.value = name;
        leader.leader = *identity;
        leader.own_session = false;
        // It had started before the file was written, and lived when we looked.
        leader.start_time_is_proof = true;
        leaders_.push_back(std::move(leader));
    }
}

// Those that descend from them count from then on by themselves: a child outlives its parent.
Task<Result<std::vector<ProvenProcess>>> ForeignReaper::find() {
    auto found = find_processes(leaders_, settings_.here);
    if (!found.ok()) co_return found;
    for (const ProvenProcess& process : *found) {
        const ProcessSeen seen = process.handle.look();
        RecordedLeader next = leaders_[process.member.root];
        const bool known = std::any_of(leaders_.begin(), leaders_.end(), [&](const RecordedLeader& l) {
            return l.leader.pid == process.handle.pid() && l.leader.start_time == seen.start_time;
        });
        if (known || seen.state != ProcessSeen::State::running) continue;
        next.leader.pid = process.handle.pid();
        next.leader.start_time = seen.start_time;
        next.leader.pidfs_inode = seen.pidfs_inode;
        leaders_.push_back(std::move(next));
    }
    co_return found;
}

Task<Status> ForeignReaper::claim() {
    std::function<void()> take = [this] {
        for (auto& one : cases_) {
            auto claimed = one->registry.claim(one->entry);
            if (claimed.ok()) one->claim = std::move(*claimed);
        }
    };
    std::function<Status()> taken = [take] { return take(), Status(done); };
    CO_CHECK(co_await worker_.run<Status>(std::move(taken)));
    std::erase_if(cases_, [this](const auto& one) {
        if (one->claim) return false;
        // Another reaper is at it, or its program, or it is done already. What is still there is looked at
        // again.
        std::error_code ignored;
        if (std::filesystem::exists(one->entry.path, ignored))
            problem(one->id(), "record", one->entry.path.string() + " is held or was just changed");
        return true;
    });
    for (auto& one : cases_) judge_processes(*one);
    report_.counts.instances = static_cast<int>(cases_.size());
    co_return done;
}

Task<Status> ForeignReaper::end_processes() {
    if (leaders_.empty()) co_return done;
    TakedownOptions options;
    options.grace = settings_.grace;
    options.on_signal = [this](const ProvenProcess& process, int signal) {
        const RecordedLeader& root = leaders_[process.member.root];
        Receipt line;
        line.what = "process";
        line.name = std::to_string(process.handle.pid());
        line.instance = root.instance;
        line.session = root.name;
        line.evidence =
            std::string(to_string(process.member.evidence)) + ", started before its file was written";
        line.action = signal == SIGKILL ? "SIGKILL" : "SIGTERM";
        line.outcome = "signalled";
        line.detail = process.name;
        receipts_.write(line);
    };
    FindProcesses search = [this] { return find(); };
    Takedown takedown(executor_, std::move(search), std::move(options));
    if (hurried_) takedown.hurry();
    takedown_ = &takedown;
    const auto ended = co_await takedown.run();
    takedown_ = nullptr;
    if (!ended.ok()) co_return ended.error();
    report_.counts.processes_killed += ended->signalled;
    for (const ProvenProcess& process : takedown.present()) {
        const InstanceId& instance = leaders_[process.member.root].instance;
        problem(instance, "process", std::to_string(process.handle.pid()) + " does not end");
        for (auto& one : cases_) one->something_left = one->something_left || one->id() == instance;
    }
    co_return done;
}

// By inspection: the labels themselves, and not what a filter made of them.
Task<Result<std::vector<ContainerInfo>>> ForeignReaper::containers_of(const Case& one) {
    std::vector<ContainerInfo> theirs;
    CO_TRY(const std::vector<ContainerId> ids,
           co_await settings_.engine->list_containers(one.label, one.id().value));
    if (ids.empty()) co_return theirs;
    std::vector<std::string> wanted;
    for (const ContainerId& id : ids) wanted.push_back(id.value);
    CO_TRY(std::vector<ContainerInfo> seen, co_await settings_.engine->inspect_containers(std::move(wanted)));
    for (ContainerInfo& info : seen) {
        const auto label = info.labels.find(one.label);
        if (label != info.labels.end() && label->second == one.id().value) theirs.push_back(std::move(info));
    }
    co_return theirs;
}

Task<Status> ForeignReaper::remove_containers(Case& one) {
    if (one.label.empty() || settings_.engine == nullptr) co_return done;
    CO_TRY(const std::vector<ContainerInfo> before, co_await containers_of(one));
    if (before.empty()) co_return done;
    std::vector<ContainerId> ids;
    for (const ContainerInfo& info : before) ids.push_back(info.id);
    const auto grace = std::chrono::ceil<std::chrono::seconds>(settings_.grace);
    const Status stopped = co_await settings_.engine->stop_containers(ids, grace);
    const Status removed = co_await settings_.engine->remove_containers(ids);
    CO_TRY(const std::vector<ContainerInfo> after, co_await containers_of(one));
    for (const ContainerInfo& info : before) {
        const bool left = std::any_of(after.begin(), after.end(),
                                      [&](const ContainerInfo& other) { return other.id == info.id; });
        if (left) continue;
        ++report_.counts.containers_removed;
        Receipt line;
        line.what = "container";
        line.name = info.id.value;
        line.instance = one.id();
        line.evidence = "label " + one.label + "=" + one.id().value + " by inspect; its owner is dead";
        line.action = info.running ? "stop and remove" : "remove";
        line.outcome = "gone";
        line.detail = info.name + " " + info.image;
        receipts_.write(line);
    }
    if (after.empty()) co_return done;
    if (!removed.ok()) co_return removed;
    if (!stopped.ok()) co_return stopped;
    co_return Error(Errc::failed, "removing containers of " + one.id().value, "they are still there");
}

Task<void> ForeignReaper::forget() {
    for (auto& one : cases_) {
        if (one->something_left) continue;
        std::function<Status()> remove = [file = &*one->claim] { return file->remove(); };
        const Status removed = co_await worker_.run<Status>(std::move(remove));
        if (!removed.ok()) problem(one->id(), "record", removed.error().message());
        if (removed.ok()) log_.info("instance of another program reaped", {{"instance", one->id().value}});
    }
    cases_.clear();
}

Task<ReapReport> ForeignReaper::run() {
    report_ = ReapReport{};
    Status outcome = co_await look();
    if (outcome.ok()) outcome = co_await claim();
    if (outcome.ok()) outcome = co_await end_processes();
    if (!outcome.ok()) {
        problem({}, "foreign registry", outcome.error().message());
        for (auto& one : cases_) one->something_left = true;
    }
    for (auto& one : cases_) {
        const Status cleared = co_await remove_containers(*one);
        if (cleared.ok()) continue;
        one->something_left = true;
        problem(one->id(), "container", cleared.error().message());
    }
    co_await forget();
    co_return report_;
}

Task<Result<std::vector<ReapItem>>> ForeignReaper::observe() {
    std::vector<ReapItem> items;
    CO_CHECK(co_await look());
    for (auto& one : cases_) judge_processes(*one);
    for (const ReapProblem& unclear : report_.problems)
        items.push_back(
            {unclear.instance, {}, unclear.what, unclear.why, "cannot be told from a stranger", false});
    CO_TRY(const auto processes, find_processes(leaders_, settings_.here));
    for (const ProvenProcess& process : processes) {
        const RecordedLeader& root = leaders_[process.member.root];
        items.push_back(
            {root.instance, root.name, "process",
             std::to_string(process.handle.pid()) + " (" + process.name + ")",
             std::string(to_string(process.member.evidence)) + ", started before its file was written",
             true});
    }
    for (const auto& one : cases_) {
        if (!one->label.empty() && settings_.engine != nullptr) {
            const auto containers = co_await containers_of(*one);
            if (!containers.ok())
                items.push_back(
                    {one->id(), {}, "container", one->label, containers.error().message(), false});
            if (containers.ok()) {
                for (const ContainerInfo& info : *containers)
                    items.push_back({one->id(), {}, "container", info.name, "label " + one->label, true});
            }
        }
        items.push_back({one->id(),
                         {},
                         "record",
                         one->entry.path.string(),
                         "owner " + std::to_string(one->record().pid) + " is dead",
                         !one->something_left});
    }
    for (const std::string& why : left_alone_)
        items.push_back({{}, {}, "record", why, "is left alone", false});
    co_return items;
}

}  // namespace reeve

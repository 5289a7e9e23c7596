#include "reeve/core/reaper.hpp"

#include "reaper_parts.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/foreign_reaper.hpp"
#include "reeve/core/takedown.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/process_table.hpp"

#include <algorithm>
#include <csignal>
#include <span>

namespace reeve {
namespace {

constexpr std::size_t cases_in_one_go = 20;

}  // namespace

Reaper::Reaper(Executor executor, ReaperSettings settings, Worker& worker, EventLog& log)
    : executor_(std::move(executor)),
      settings_(std::move(settings)),
      worker_(worker),
      log_(log),
      registry_(settings_.paths),
      receipts_(settings_.paths.receipts()) {
    receipts_.on_write(settings_.on_receipt);
    if (settings_.foreign_registries.empty() || !settings_.finish.empty()) return;
    ForeignReaperSettings foreign;
    foreign.registries = settings_.foreign_registries;
    foreign.here = settings_.here;
    foreign.grace = settings_.grace;
    foreign.engine = settings_.engines.empty() ? nullptr : settings_.engines.front();
    foreign.paths = settings_.paths;
    foreign_ = std::make_unique<ForeignReaper>(executor_, std::move(foreign), worker_, log_);
}

Reaper::~Reaper() = default;

void Reaper::problem(const InstanceId& instance, std::string what, std::string why) {
    ++report_.counts.failed;
    log_.warn("not reaped yet", {{"instance", instance.value}, {"what", what}, {"why", why}});
    report_.problems.push_back({instance, std::move(what), std::move(why)});
}

void Reaper::receipt(const Receipt& receipt) { receipts_.write(receipt); }

OwnerState Reaper::judge(const InstanceRecord& record) const {
    if (!settings_.finish.empty() && record.instance_id == settings_.finish) return OwnerState::dead;
    return judge_owner(record.owner, settings_.here, look_at(record.owner.pid));
}

// Reads the registry and judges every owner. Instances that are alive, foreign, of unknown state or
// unreadable spare their containers.
Task<Result<Reaper::Scan>> Reaper::scan() {
    using Entries = Result<std::vector<InstanceRegistry::Entry>>;
    std::function<Entries()> list = [this] { return registry_.list(); };
    Entries entries = co_await worker_.run<Entries>(std::move(list));
    if (!entries.ok()) co_return entries.error();
    Scan scan;
    for (InstanceRegistry::Entry& entry : *entries) {
        if (!entry.record.ok()) {
            scan.unreadable.push_back(entry.path);
            scan.spared.insert(entry.path.stem().string());
            continue;
        }
        const InstanceRecord& record = *entry.record;
        add_engines_of(record, scan.engines);
        if (record.instance_id == settings_.self) {
            ++scan.counts.alive;
            scan.add_owned(record);
            scan.spared.insert(record.instance_id.value);
            continue;
        }
        switch (judge(record)) {
            case OwnerState::dead:
                ++scan.counts.dead;
                if (settings_.finish.empty() || record.instance_id == settings_.finish)
                    scan.dead.push_back(std::move(entry));
                continue;
            case OwnerState::alive:
                ++scan.counts.alive;
                scan.add_owned(record);
                break;
            case OwnerState::foreign:
            case OwnerState::unknown:
                ++scan.counts.foreign;
                break;
        }
        scan.spared.insert(record.instance_id.value);
    }
    std::function<Result<std::vector<std::filesystem::path>>()> quarantined = [this] {
        return registry_.quarantined();
    };
    const auto kept =
        co_await worker_.run<Result<std::vector<std::filesystem::path>>>(std::move(quarantined));
    if (kept.ok()) {
        scan.counts.quarantined = static_cast<int>(kept->size());
        // A quarantined file's name begins with the id of its instance.
        for (const auto& path : *kept) scan.spared.insert(path.filename().string().substr(0, 36));
    }
    co_return scan;
}

void Reaper::add_leaders_of(const InstanceRecord& dead, const std::set<SessionName>& but,
                            std::vector<RecordedLeader>& leaders) const {
    if (dead.owner.boot_id != settings_.here.boot_id) return;  // no process outlives a boot
    for (RecordedLeader& leader : leaders_of(dead)) {
        if (!but.contains(leader.name)) leaders.push_back(std::move(leader));
    }
}

Task<Status> Reaper::claim() {
    began_ = std::chrono::steady_clock::now();
    report_ = ReapReport{};
    report_.started_at = now_rfc3339();
    cases_.clear();
    CO_TRY(Scan found, co_await scan());
    instances_ = found.counts;
    engines_ = found.engines;
    unreadable_.clear();
    for (const auto& path : found.unreadable) {
        std::function<Result<std::filesystem::path>()> move = [this, path] {
            return registry_.quarantine(path);
        };
        const auto moved = co_await worker_.run<Result<std::filesystem::path>>(std::move(move));
        if (!moved.ok()) continue;  // somebody else was quicker
        ++instances_.quarantined;
        unreadable_.push_back(moved->string());
        log_.warn("unreadable record quarantined", {{"file", moved->string()}});
    }
    // A claim cannot be copied, and std::function wants copies.
    struct Taken {
        std::vector<InstanceRegistry::Claim> claims;
        std::vector<InstanceId> busy;
    };
    const auto taken = std::make_shared<Taken>();
    std::function<Status()> take = [this, taken, dead = &found.dead]() -> Status {
        for (InstanceRegistry::Entry& entry : *dead) {
            const InstanceId id = entry.record->instance_id;
            auto claimed = registry_.claim(std::move(entry));
            if (claimed.ok() && claimed->has_value()) {
                taken->claims.push_back(std::move(**claimed));
                continue;
            }
            const auto now = registry_.load(id);
            const bool reaped = !now.ok() && now.error().code() == Errc::not_found;
            if (!reaped) taken->busy.push_back(id);
        }
        return done;
    };
    CO_CHECK(co_await worker_.run<Status>(std::move(take)));
    if (!settings_.only_processes) report_.busy = std::move(taken->busy);
    for (auto& claim : taken->claims) {
        // The record was read again under the claim: its owner may not be the one that was judged.
        if (judge(claim.record) != OwnerState::dead) continue;
        InstanceRecord left = claim.record;
        Case one{std::move(claim), std::move(left)};
        std::erase_if(one.record.sessions, [&](const auto& item) { return found.owns(item.second); });
        if (settings_.spare_adoptable) one.spared = waiting_for_an_heir(one.record);
        cases_.push_back(std::move(one));
    }
    report_.counts.instances = static_cast<int>(cases_.size());
    co_return done;
}

void Reaper::hurry() {
    hurried_ = true;
    if (takedown_ != nullptr) takedown_->hurry();
    if (foreign_ != nullptr) foreign_->hurry();
}

ReapProgress Reaper::progress() const {
    ReapProgress now;
    now.containers = containers_waited_for_;
    if (takedown_ == nullptr) return now;
    now.processes = takedown_->present().size();
    for (const ProvenProcess& process : takedown_->present()) {
        if (process.handle.ended()) ++now.processes_gone;
    }
    now.killed_in = takedown_->killed_in();
    return now;
}

std::vector<pid_t> Reaper::foreign_owners() const {
    return foreign_ != nullptr ? foreign_->owners() : std::vector<pid_t>();
}

std::vector<std::string> Reaper::foreign_left_alone() const {
    return foreign_ != nullptr ? foreign_->left_alone() : std::vector<std::string>();
}

Task<void> Reaper::reap_foreign() {
    if (foreign_ == nullptr) co_return;
    const ReapReport report = co_await foreign_->run();
    report_.counts.add(report.counts);
    report_.problems.insert(report_.problems.end(), report.problems.begin(), report.problems.end());
}

Task<Status> Reaper::processes() {
    std::vector<RecordedLeader> leaders;
    for (const Case& one : cases_) add_leaders_of(one.record, one.spared, leaders);
    if (!leaders.empty()) {
        TakedownOptions options;
        options.grace = settings_.grace;
        options.on_signal = [this, &leaders](const ProvenProcess& process, int signal) {
            const RecordedLeader& root = leaders[process.member.root];
            Receipt line;
            line.what = "process";
            line.name = std::to_string(process.handle.pid());
            line.instance = root.instance;
            line.session = root.name;
            line.evidence = to_string(process.member.evidence);
            line.action = signal == SIGKILL ? "SIGKILL" : "SIGTERM";
            line.outcome = "signalled";
            line.detail = process.name;
            receipt(line);
        };
        FindProcesses find = [this, &leaders] { return find_soon(leaders, settings_.here); };
        Takedown takedown(executor_, std::move(find), std::move(options));
        if (hurried_) takedown.hurry();
        takedown_ = &takedown;
        const auto report = co_await takedown.run();
        takedown_ = nullptr;
        if (!report.ok()) co_return report.error();
        report_.counts.processes_killed += report->signalled;
        for (const ProvenProcess& process : takedown.present()) {
            const RecordedLeader& root = leaders[process.member.root];
            problem(root.instance, "process",
                    process.name + " (" + std::to_string(process.handle.pid()) + ") does not end");
            --report_.counts.processes_killed;
            for (Case& one : cases_)
                one.process_left = one.process_left || one.record.instance_id == root.instance;
        }
    }
    for (Case& one : cases_) {
        if (one.process_left) continue;
        std::erase_if(one.record.sessions, [&one](const auto& item) {
            const auto* process = std::get_if<ProcessSessionRecord>(&item.second);
            if (process == nullptr || one.spared.contains(item.first)) return false;
            const InstanceId& former = process->succession.or_default().launched_by;
            std::string group = instance_part_of(process->cgroup, former.value);
            if (!group.empty()) one.groups_of_others.insert(std::move(group));
            return true;
        });
    }
    co_return done;
}

// On the worker: what the record says now becomes what is on disk.
Status Reaper::Case::settle() {
    for (const std::string& group : groups_of_others) remove_unused_cgroups(group);
    if (!finished()) return record == claim.record ? Status(done) : claim.update(record);
    // Its processes were seen gone, or have another owner now.
    if (is_cgroup_of(record.cgroup, record.instance_id.value)) remove_unused_cgroups(record.cgroup);
    return claim.forget();
}

// Forgets what has nothing left, shortens what has; lets go of every claim.
Task<ReapReport> Reaper::settle() {
    // Several at a time: two threads that wake each other for every file would cost more than the files. Not
    // all: the last close of a file may take a millisecond, and a session that starts waits for the same
    // worker.
    for (std::size_t first = 0; first < cases_.size(); first += cases_in_one_go) {
        const std::span<Case> some =
            std::span(cases_).subspan(first).first(std::min(cases_in_one_go, cases_.size() - first));
        std::function<std::vector<Status>()> write_some = [some] {
            std::vector<Status> written;
            for (Case& one : some) written.push_back(one.settle());
            return written;
        };
        const std::vector<Status> written = co_await worker_.run<std::vector<Status>>(std::move(write_some));
        for (std::size_t i = 0; i < some.size(); ++i) {
            const InstanceId& instance = some[i].record.instance_id;
            if (!written[i].ok()) {
                problem(instance, "record", written[i].error().message());
            } else if (!some[i].finished()) {
                // Whoever finishes it counts it.
                if (settings_.only_processes || !some[i].spared.empty()) --report_.counts.instances;
            } else {
                --instances_.dead;
                log_.info("instance reaped", {{"instance", instance.value}});
            }
        }
    }
    cases_.clear();
    made_.clear();
    report_.duration_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_)
            .count();
    co_return report_;
}

Task<ReapReport> Reaper::run() {
    const Status claimed = co_await claim();
    if (!claimed.ok()) problem({}, "registry", claimed.error().message());
    const Status ended = co_await processes();
    if (!ended.ok()) problem({}, "process", ended.error().message());
    if (!settings_.only_processes) {
        if (settings_.before_containers) settings_.before_containers();
        const Status removed = co_await containers();
        if (!removed.ok()) problem({}, "container", removed.error().message());
    }
    co_return co_await settle();
}

Task<Result<std::vector<ReapItem>>> Reaper::observe() {
    std::vector<ReapItem> items;
    CO_TRY(Scan found, co_await scan());
    instances_ = found.counts;
    for (const auto& path : found.unreadable) {
        items.push_back({{path.stem().string()},
                         {},
                         "record",
                         path.filename().string(),
                         "cannot be read: goes to quarantine",
                         false});
    }
    std::vector<RecordedLeader> leaders;
    std::vector<const InstanceRecord*> dead;
    std::set<InstanceId> kept;
    for (InstanceRegistry::Entry& entry : found.dead) {
        InstanceRecord& record = *entry.record;
        std::erase_if(record.sessions, [&](const auto& item) { return found.owns(item.second); });
        if (settings_.spare_adoptable) {
            for (const SessionName& name : waiting_for_an_heir(record)) {
                kept.insert(record.instance_id);
                const auto session = record.sessions.extract(name);
                const auto* process = std::get_if<ProcessSessionRecord>(&session.mapped());
                items.push_back({record.instance_id, name, process != nullptr ? "process" : "container",
                                 process != nullptr
                                     ? std::to_string(process->pid)
                                     : std::get<ContainerSessionRecord>(session.mapped()).container,
                                 "adoptable: the next supervisor takes it over", false});
            }
        }
        dead.push_back(&record);
        add_leaders_of(record, {}, leaders);
    }
    CO_TRY(const auto processes, find_processes(leaders, settings_.here));
    for (const ProvenProcess& process : processes) {
        const RecordedLeader& root = leaders[process.member.root];
        items.push_back({root.instance, root.name, "process",
                         std::to_string(process.handle.pid()) + " (" + process.name + ")",
                         to_string(process.member.evidence), true});
    }
    std::vector<EngineWork> engines = engines_for(dead);
    for (EngineWork& work : engines) {
        const Status looked = co_await look_through(work);
        if (!looked.ok()) {
            for (const auto& id : work.recorded_by) {
                items.push_back({id, {}, "container", work.engine->name(), looked.error().message(), false});
            }
            continue;
        }
        for (const auto& container : work.containers) items.push_back(item_for(container));
        for (const auto& network : work.networks) items.push_back(item_for("network", network));
        for (const auto& volume : work.volumes) items.push_back(item_for("volume", volume));
    }
    for (const InstanceRecord* record : dead) {
        items.push_back({record->instance_id,
                         {},
                         "record",
                         record->instance_id.value + ".json",
                         "owner " + std::to_string(record->owner.pid) + " is dead",
                         !kept.contains(record->instance_id)});
    }
    if (foreign_ != nullptr) {
        CO_TRY(const std::vector<ReapItem> theirs, co_await foreign_->observe());
        items.insert(items.end(), theirs.begin(), theirs.end());
    }
    co_return items;
}

}  // namespace reeve

// Sessions that have outlived their supervisor because their owner asked for it ("on_owner_death": "adopt"):
// proved, written into our own record, taken out of the dead one's, and kept from then on as if we had
// launched them.
//
// Killed at any point in between we leave two dead records that name the same process: the next supervisor
// takes it over once, and takes it out of both.
#include "reeve/base/time_text.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/model/fingerprint.hpp"

#include <algorithm>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Until an engine answers whose container could be adopted. Meanwhile nothing is started.
constexpr std::chrono::seconds engine_patience{5};

// What a session says once, it has said to the one before us: it is not asked to say it again. Whatever can
// be looked at again, is.
bool counts_as_ready(const SessionConfig& config) {
    if (!config.ready) return true;
    return config.ready->by.notify || !config.ready->by.log.empty();
}

milliseconds time_since(const std::string& moment) {
    const auto then = from_rfc3339(moment);
    if (!then) return milliseconds(0);
    const auto ran = std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now() - *then);
    return std::max(ran, milliseconds(0));
}

std::string started_at(const SessionRecord& session) {
    return std::visit([](const auto& s) { return s.started_at; }, session);
}

}  // namespace

// Why it is not to be taken over, for people; empty: nothing speaks against it.
std::string Supervisor::objection_to_adopting(const Reaper::Heirloom& left) const {
    const auto found = sessions_.find(left.name);
    if (found == sessions_.end()) return "there is no session of that name any more";
    const SessionConfig& config = found->second->config();
    if (config.on_owner_death != OnOwnerDeath::adopt) return "it is not to be adopted any more";
    const bool is_process = std::holds_alternative<ProcessSessionRecord>(left.session);
    if (is_process != config.image.empty() || succession_of(left.session).spec != fingerprint_of(config))
        return "the configuration runs something else under that name now";
    const auto* container = std::get_if<ContainerSessionRecord>(&left.session);
    if (container != nullptr && (container->engine != engine_->engine().name() ||
                                 container->endpoint != engine_->engine().endpoint()))
        return "it is on another engine than that of the configuration";
    return {};
}

// By what it is certain that it runs and is the recorded one.
Task<Result<std::string>> Supervisor::proof_of(Reaper::Heirloom left) {
    const std::string doing = "looking for " + left.name.value;
    if (const auto* container = std::get_if<ContainerSessionRecord>(&left.session)) {
        if (!engine_->status().reachable)
            co_return Error(Errc::unreachable, doing, "its engine does not answer");
        std::vector<std::string> ids{container->container_id.value};
        if (ids.front().empty()) co_return Error(Errc::not_found, doing, "it was not made yet");
        if (!container->engine_id.empty() && container->engine_id != engine_->engine_id())
            co_return Error(Errc::not_found, doing, "another engine answers than the one that made it");
        CO_TRY(const std::vector<ContainerInfo> seen,
               co_await engine_->engine().inspect_containers(std::move(ids)));
        if (seen.empty() || !seen.front().running)
            co_return Error(Errc::not_found, doing, "its container does not run any more");
        const Labels& labels = seen.front().labels;
        for (const auto& [key, value] :
             labels_for(store_.id(), launcher_of(left.of, left.session), left.name)) {
            const auto label = labels.find(key);
            if (label == labels.end() || label->second != value)
                co_return Error(Errc::refused, doing, "its container does not bear our labels");
        }
        co_return std::string("labels reeve.store, reeve.instance and reeve.session by inspect");
    }
    left.of.sessions.emplace(left.name, left.session);
    const std::vector<RecordedLeader> leaders = leaders_of(left.of);
    CO_TRY(const auto leader, find_leader(leaders.front(), settings_.here));
    if (!leader) co_return Error(Errc::not_found, doing, "no process is proved to be it");
    co_return std::string(leader->evidence);
}

// Asked once: one that hangs must not hold up the start for each of its containers.
Task<void> Supervisor::ask_engine(std::shared_ptr<bool> answered) {
    co_await asio::this_coro::throw_if_cancelled(false);
    (void)co_await engine_->probe();
    *answered = true;
    changed_.notify();
}

// Processes first: they do not wait for an engine.
Task<void> Supervisor::adopt_sessions(std::shared_ptr<Reaper> reaper) {
    std::vector<Reaper::Heirloom> processes;
    std::vector<Reaper::Heirloom> containers;
    for (Reaper::Heirloom& left : reaper->heirlooms()) {
        const bool is_process = std::holds_alternative<ProcessSessionRecord>(left.session);
        (is_process ? processes : containers).push_back(std::move(left));
    }
    co_await adopt_those(reaper, std::move(processes));
    if (containers.empty()) co_return;
    const auto answered = std::make_shared<bool>(false);
    tasks_.spawn(ask_engine(answered));
    const auto deadline = Clock::now() + engine_patience;
    while (!*answered && !stop_asked_ && Clock::now() < deadline) co_await changed_.wait(deadline);
    if (!engine_->status().reachable) {
        const std::string why = *answered ? engine_->status().why.value_or("") : "its engine does not answer";
        log_.info("no container can be adopted", {{"why", why}});
    }
    co_await adopt_those(reaper, std::move(containers));
}

Task<void> Supervisor::adopt_those(std::shared_ptr<Reaper> reaper, std::vector<Reaper::Heirloom> heirlooms) {
    struct Adopted {
        Reaper::Heirloom left;
        std::string evidence;
    };
    std::vector<Adopted> adopted;
    for (const Reaper::Heirloom& left : heirlooms) {
        if (stop_asked_ || record_.sessions.contains(left.name)) continue;
        std::string why = objection_to_adopting(left);
        std::string evidence;
        if (why.empty()) {
            auto proof = co_await proof_of(left);
            if (proof.ok())
                evidence = std::move(*proof);
            else
                why = proof.error().why();
        }
        if (!why.empty()) {
            log_.info("session not adopted", {{"session", left.name.value}, {"why", why}});
            continue;
        }
        SessionRecord record = left.session;
        succession_of(record).launched_by = launcher_of(left.of, left.session);
        record_.sessions[left.name] = std::move(record);
        adopted.push_back({left, std::move(evidence)});
    }
    if (!adopted.empty()) {
        const Status written = co_await record_file_->commit();
        if (!written.ok()) {  // what no record of a living owner names, is not ours: it is reaped
            attention_.push_back("nothing was adopted: " + written.error().message());
            for (const Adopted& one : adopted) record_.sessions.erase(one.left.name);
            adopted.clear();
        }
    }
    for (const Adopted& one : adopted) {
        reaper->give_away(one.left.session);
        adopt(one.left, one.evidence);
    }
    co_await tell_anchor();
    status_changed();
}

void Supervisor::adopt(const Reaper::Heirloom& left, const std::string& evidence) {
    Session& session = *sessions_.at(left.name);
    const SessionRecord& record = record_.sessions.at(left.name);
    SessionStatus seen;
    seen.state = SessionState::running;
    seen.ready = counts_as_ready(session.config());
    seen.started_at = started_at(record);
    HandedSession handed;
    handed.wanted = true;
    handed.lives = 1;
    handed.ran = time_since(*seen.started_at);
    Receipt line;
    line.instance = left.of.instance_id;
    line.session = left.name;
    line.evidence = evidence;
    line.action = "adopted";
    line.outcome = "goes on";
    if (const auto* process = std::get_if<ProcessSessionRecord>(&record)) {
        const LogEnd log = end_of_log(store_.paths().log(left.name));
        handed.process.emplace();
        handed.process->between_lines = log.between_lines;
        handed.process->log_inode = log.at.inode;
        handed.process->log_offset = log.at.offset;
        handed.process->notified_ready = true;
        line.what = "process";
        line.name = std::to_string(process->pid);
        line.detail = process->command.empty() ? "" : process->command.front();
    } else {
        const auto& container = std::get<ContainerSessionRecord>(record);
        line.what = "container";
        line.name = container.container_id.value;
        line.detail = container.container + " " + container.image;
    }
    session.take_over(seen, handed, record);
    receipts_.write(line);
    log_.info("session adopted", {{"session", left.name.value},
                                  {line.what == "process" ? "pid" : "container", line.name},
                                  {"evidence", evidence},
                                  {"of", left.of.instance_id.value}});
    session.keep();
}

// Pipes of sessions that are no more: who writes into one is nobody of ours.
void Supervisor::remove_unused_outputs() const {
    std::error_code failed;
    for (std::filesystem::directory_iterator item(store_.paths().outputs(), failed), end;
         !failed && item != end; item.increment(failed)) {
        const std::filesystem::path path = item->path();
        std::error_code ignored;
        if (path.extension() == ".fifo" && !record_.sessions.contains({path.stem().string()}))
            std::filesystem::remove(path, ignored);
    }
}

// Which processes the anchor leaves alone when we crash: "PID START_TIME" for each.
std::string Supervisor::adoptable_processes() const {
    std::string lines;
    for (const auto& [name, session] : record_.sessions) {
        const auto* process = std::get_if<ProcessSessionRecord>(&session);
        if (process == nullptr || !process->succession.or_default().adopt) continue;
        lines += std::to_string(process->pid) + " " + std::to_string(process->start_time) + "\n";
    }
    return lines;
}

// One that could not be written costs sessions their life when we crash, and nothing before.
Task<void> Supervisor::tell_anchor() {
    std::string text = adoptable_processes();
    if (!settings_.anchor_pid || text == told_anchor_) co_return;
    told_anchor_ = std::move(text);
    const Status written = co_await adoptable_file_->commit();
    if (!written.ok())
        log_.warn("telling the anchor what is to be adopted", {{"why", written.error().message()}});
}

}  // namespace reeve

// How a supervisor reaps: at once when somebody has died, again later what is pending, and never so that an
// engine that hangs holds up what needs none.
#include "reeve/base/time_text.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/engine/docker_cli.hpp"

#include <algorithm>
#include <utility>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds first_retry{1'000};
constexpr std::chrono::milliseconds longest_retry{300'000};

EngineAddress address_of(const ContainerEngine& engine) { return {engine.name(), engine.endpoint()}; }

}  // namespace

void Supervisor::reap_soon() {
    reap_now_ = true;
    reap_wanted_.notify();
}

Task<void> Supervisor::reap_containers_of_the_first(std::shared_ptr<Reaper> first) {
    co_await asio::this_coro::throw_if_cancelled(false);
    ++reaps_begun_;
    const Status there = co_await engine_->probe();
    if (!there.ok()) log_.debug("engine not there yet", {{"why", there.error().message()}});
    const Status removed = co_await first->containers();
    if (!removed.ok()) log_.warn("reaping containers", {{"why", removed.error().message()}});
    const ReapReport report = co_await first->settle();
    reapers_.erase(first.get());
    instances_ = first->instances();
    foreign_watch_->watch(config_.foreign_registries);
    take_foreign(*first);
    take_report(report, true);
}

// What is pending is tried again with growing pauses, and whenever somebody asks.
Task<void> Supervisor::keep_reaping() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!closing_ && !stop_asked_) {
        const auto anything_to_do = [this] {
            if (reaping_) return reap_now_ && at_engines_;
            return reap_now_ || (!pending_.empty() && Clock::now() >= next_reap_);
        };
        while (!closing_ && !anything_to_do()) {
            const bool timed = !reaping_ && !pending_.empty();
            if (timed)
                co_await reap_wanted_.wait(next_reap_);
            else
                co_await reap_wanted_.wait();
        }
        if (closing_ || stop_asked_) break;
        reap_now_ = false;
        if (reaping_) {
            co_await reap_only_processes();
        } else {
            reaping_ = true;
            tasks_.spawn(reap_once());
        }
    }
}

Task<void> Supervisor::reap_once() {
    co_await asio::this_coro::throw_if_cancelled(false);
    ++reaps_begun_;
    ReaperSettings settings = reaper_settings();
    settings.only_recorded_engines = !reap_everywhere_ && pending_.empty();
    settings.before_containers = [this] {
        at_engines_ = true;
        reap_wanted_.notify();
    };
    const bool asked = std::exchange(reap_everywhere_, false);
    Reaper reaper(executor_, std::move(settings), worker_, log_);
    reapers_.insert(&reaper);
    const ReapReport report = co_await reaper.run();
    reapers_.erase(&reaper);
    instances_ = reaper.instances();
    listen_to(reaper.engines());
    take_foreign(reaper);
    // The registry's watch also sees the dead whom the reap before has just finished: to find nothing more is
    // no news, and would hide what that one did.
    const bool news = asked || report.counts.anything() || !report.busy.empty() || !report.problems.empty() ||
                      !pending_.empty();
    take_report(report, news);
}

void Supervisor::take_foreign(const Reaper& reaper) {
    foreign_left_alone_ = reaper.foreign_left_alone();
    foreign_watch_->hold(reaper.foreign_owners());
}

// The reap under way may wait for an engine for as long as that one's timeout. Processes of others that die
// meanwhile wait for nobody; what else they left is found by the reap that follows.
Task<void> Supervisor::reap_only_processes() {
    reap_again_ = true;
    ReaperSettings settings = reaper_settings();
    settings.only_processes = true;
    Reaper reaper(executor_, std::move(settings), worker_, log_);
    reapers_.insert(&reaper);
    const ReapReport report = co_await reaper.run();
    reapers_.erase(&reaper);
    totals_.add(report.counts);
    listen_to(reaper.engines());
    status_changed();
}

void Supervisor::take_report(const ReapReport& report, bool news) {
    if (news) {
        last_reap_ = LastReap{report.started_at, report.duration_ms, report.counts};
        tell_reap(*last_reap_);
    }
    totals_.add(report.counts);
    const bool first = reaps_done_ == 0;
    std::vector<PendingReap> pending;
    std::vector<ReapProblem> problems = report.problems;
    for (const InstanceId& id : report.busy)
        problems.push_back({id, "record", "another reaper has claimed it"});
    reap_pause_ = problems.empty() || first ? first_retry : std::min(reap_pause_ * 2, longest_retry);
    for (const ReapProblem& problem : problems) {
        PendingReap item{problem.instance.value, problem.what, problem.why, 1,
                         to_rfc3339(std::chrono::system_clock::now() + reap_pause_)};
        for (const PendingReap& before : pending_) {
            if (before.instance_id == item.instance_id && before.what == item.what)
                item.attempts = before.attempts + 1;
        }
        pending.push_back(std::move(item));
    }
    pending_ = std::move(pending);
    next_reap_ = Clock::now() + reap_pause_;
    ++reaps_done_;
    reaping_ = at_engines_ = false;
    if (reap_again_) reap_now_ = true;
    reap_again_ = false;
    reap_wanted_.notify();
    status_changed();
}

ReaperSettings Supervisor::reaper_settings() {
    ReaperSettings settings;
    settings.paths = store_.paths();
    settings.store = store_.id();
    settings.here = settings_.here;
    settings.self = record_.instance_id;
    settings.grace = config_.reap_grace;
    settings.spare_adoptable = settings_.safe_mode;  // nothing was adopted yet: a person decides
    settings.on_receipt = [this](const std::string& line) { tell_receipt(line); };
    settings.foreign_registries = config_.foreign_registries;
    settings.engines = {&engine_->engine()};
    for (const auto& [address, engine] : other_engines_) {
        if (address != address_of(engine_->engine())) settings.engines.push_back(&engine->engine());
    }
    settings.make_engine = engine_maker(config_.engine.timeout);
    return settings;
}

// --- the engines that may hold something of ours ---

std::unique_ptr<EngineService> Supervisor::make_engine_service(const EngineConfig& config) {
    auto service =
        std::make_unique<EngineService>(make_engine(config), store_.id(), log_, [this] { status_changed(); });
    const auto look_everywhere = [this] {
        if (settings_.safe_mode) return;  // nothing is reaped by itself then
        reap_everywhere_ = true;
        reap_soon();
    };
    // A container with our label that no session of ours watches: perhaps one whose maker died while it was
    // being made. The reaper finds out. One whose maker lives is its maker's.
    service->on_stranger([this, look_everywhere](const EngineEvent& event) {
        const auto label = event.labels.find(label_instance);
        const InstanceId instance{label == event.labels.end() ? std::string() : label->second};
        const bool lives = instance == record_.instance_id || instance_watch_->holds(instance);
        if (!lives && event.action == "create") look_everywhere();
    });
    // What was made while nobody listened came by no event.
    service->on_listening(look_everywhere);
    return service;
}

// An engine is listened to as soon as a record names it, and from then on: a call in flight may make its
// container long after its record is gone. Who has no containers pays for no stream.
void Supervisor::listen_to(const std::set<EngineAddress>& named) {
    for (const EngineAddress& address : named) {
        if (address == address_of(engine_->engine())) {
            engine_->need_events();
            continue;
        }
        if (closing_ || other_engines_.contains(address)) continue;
        EngineConfig config;
        config.command = address.name;
        config.endpoint = address.endpoint;
        config.timeout = config_.engine.timeout;
        EngineService& made = *(other_engines_[address] = make_engine_service(config));
        made.need_events();
        tasks_.spawn(made.keep());
    }
}

}  // namespace reeve

// What goes on beside the supervisor's life: the status, the reaping of the dead, and whom it watches.
#include "reeve/base/time_text.hpp"
#include "reeve/core/exit_waiter.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/engine/docker_cli.hpp"
#include "reeve/os/file_watch.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <unistd.h>

#include <algorithm>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds status_interval{100};  // at most ten writes a second
constexpr std::chrono::milliseconds first_retry{1'000};
constexpr std::chrono::milliseconds longest_retry{300'000};

}  // namespace

void Supervisor::reap_soon() {
    reap_now_ = true;
    reap_wanted_.notify();
}

// The anchor is our parent and holds what our death would leave. Without it we must not go on.
Task<void> Supervisor::watch_anchor() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto handle = ProcessHandle::open(*settings_.anchor_pid);
    // Asked after it is held: only then is it certain whom we hold.
    const bool ours = handle.ok() && handle->has_value() && ::getppid() == *settings_.anchor_pid;
    if (ours) {
        Notifier ended(executor_);
        anchor_watch_ = &ended;
        std::vector<int> fds{(*handle)->exit_fd()};
        co_await wait_for_exits(std::move(fds), ended, Clock::time_point::max());
        anchor_watch_ = nullptr;
    }
    if (closing_) co_return;
    outcome_ = Error(Errc::failed, "supervising", "the anchor is gone", "start again with: reeve run");
    ask_stop("the anchor is gone");
}

Task<void> Supervisor::watch_instances() {
    const Status watched = co_await instance_watch_->keep();
    if (watched.ok() || closing_) co_return;
    log_.error("cannot watch the registry", {{"why", watched.error().message()}});
    attention_.push_back(watched.error().message());
}

// After a crash loop whatever is launched or reaped by itself may be what crashes us: a person decides.
void Supervisor::stay_safe() {
    for (auto& [name, session] : sessions_) session_tasks_.spawn(session->keep());
    state_ = SupervisorState::safe;
    attention_.push_back(
        "safe mode: the supervisor had crashed again and again, so nothing was started; see logs/reeve.log, "
        "then: reeve start NAME, or stop and start the supervisor");
    log_.error("safe mode after a crash loop: nothing is started", {});
    status_changed();
    tell_manager("READY=1\nSTATUS=safe mode after a crash loop");
}

Task<void> Supervisor::keep_status() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!closing_) {
        if (!dirty_) {
            co_await status_dirty_.wait();
            continue;
        }
        dirty_ = false;
        if (lost_lock_) continue;  // the file belongs to whoever has the store now
        const Status written = co_await status_file_->commit();
        if (!written.ok()) log_.warn("writing the status", {{"why", written.error().message()}});
        tell_manager_how_it_goes();
        const auto until = Clock::now() + status_interval;
        while (!closing_ && Clock::now() < until) co_await status_dirty_.wait(until);
    }
}

// One line for `systemctl status`, when it is another one than before.
void Supervisor::tell_manager_how_it_goes() {
    const auto running = std::count_if(sessions_.begin(), sessions_.end(), [](const auto& entry) {
        return entry.second->state() == SessionState::running;
    });
    const std::string text = std::string("STATUS=") + to_string(state_) + ": " + std::to_string(running) +
                             " of " + std::to_string(sessions_.size()) + " sessions run" +
                             (attention_.empty() ? "" : "; something needs attention, see reeve status");
    if (text == told_manager_) return;
    told_manager_ = text;
    tell_manager(text);
}

// After the first reap: what is pending is tried again with growing pauses, and whenever somebody asks.
Task<void> Supervisor::keep_reaping() {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto pause = first_retry;
    while (!closing_ && !stop_asked_) {
        const auto due = Clock::now() + pause;
        while (!closing_ && !reap_now_ && !(Clock::now() >= due && !pending_.empty())) {
            if (pending_.empty())
                co_await reap_wanted_.wait();
            else
                co_await reap_wanted_.wait(due);
        }
        if (closing_ || stop_asked_) break;
        ReaperSettings settings = reaper_settings();
        settings.only_recorded_engines = !reap_everywhere_ && pending_.empty();
        reap_now_ = reap_everywhere_ = false;
        Reaper reaper(executor_, std::move(settings), worker_, log_);
        const ReapReport report = co_await reaper.run();
        instances_ = reaper.instances();
        take_report(report);
        pause = pending_.empty() ? first_retry : std::min(pause * 2, longest_retry);
        for (auto& item : pending_) item.next_try_at = to_rfc3339(std::chrono::system_clock::now() + pause);
        changed_.notify();
    }
}

void Supervisor::take_report(const ReapReport& report) {
    last_reap_ = LastReap{report.started_at, report.duration_ms, report.counts};
    totals_.add(report.counts);
    std::vector<PendingReap> pending;
    std::vector<ReapProblem> problems = report.problems;
    for (const InstanceId& id : report.busy)
        problems.push_back({id, "record", "another reaper has claimed it"});
    for (const ReapProblem& problem : problems) {
        PendingReap item{problem.instance.value, problem.what, problem.why, 1,
                         to_rfc3339(std::chrono::system_clock::now() + first_retry)};
        for (const PendingReap& before : pending_) {
            if (before.instance_id == item.instance_id && before.what == item.what)
                item.attempts = before.attempts + 1;
        }
        pending.push_back(std::move(item));
    }
    pending_ = std::move(pending);
    status_changed();
}

ReaperSettings Supervisor::reaper_settings() {
    ReaperSettings settings;
    settings.paths = store_.paths();
    settings.store = store_.id();
    settings.here = settings_.here;
    settings.self = record_.instance_id;
    settings.grace = config_.reap_grace;
    settings.engines = {&engine_->engine()};
    settings.make_engine = [timeout = config_.engine.timeout](const std::string& name,
                                                              const std::string& endpoint) {
        EngineConfig config;
        config.command = name;
        config.endpoint = endpoint;
        config.timeout = timeout;
        return make_engine(config);
    };
    return settings;
}

// The kernel says when our lock file loses its name. Two supervisors never run on: this one leaves.
Task<void> Supervisor::watch_lock() {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto watch = watch_file(lock_.fd());
    if (!watch.ok()) {
        log_.error("cannot watch the lock", {{"why", watch.error().message()}});
        attention_.push_back(watch.error().message());
        co_return;
    }
    asio::posix::stream_descriptor changes(executor_, watch->release());
    while (lock_.still_held()) {
        const auto [ec] = co_await changes.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
        if (ec) co_return;
        drain_watch(changes.native_handle());
    }
    lost_lock_ = true;
    log_.error("force-unlocked: the lock file was removed or replaced; stopping all sessions", {});
    outcome_ = Error(Errc::held, "holding the store", "the lock file was removed or replaced (force-unlock)",
                     "start again with: reeve run");
    ask_stop("force-unlocked");
}

StatusSnapshot Supervisor::snapshot() {
    StatusSnapshot s;
    s.version = settings_.version;
    s.seq = seq_;
    s.updated_at = now_rfc3339();
    s.state = state_;
    s.instance_id = record_.instance_id;
    s.pid = record_.owner.pid;
    s.anchor_pid = settings_.anchor_pid;
    s.hostname = settings_.here.hostname;
    s.started_at = record_.started_at;
    s.control = store_.paths().control().string();
    for (const auto& [name, session] : sessions_) s.sessions[name] = session->status();
    s.last_reap = last_reap_;
    s.pending = pending_;
    s.totals = totals_;
    s.engines[engine_->engine().name()] = engine_->status();
    s.instances = instances_;
    s.attention = attention_;
    for (const auto& [name, session] : s.sessions) {
        if (session.attention) s.attention.push_back(name.value + ": " + *session.attention);
    }
    for (const auto& item : pending_) {
        s.attention.push_back("not reaped yet (" + item.what + " of instance " + item.instance_id +
                              "): " + item.why);
    }
    return s;
}

}  // namespace reeve

// What goes on beside the supervisor's life: the status, and whom it watches.
#include "reeve/base/time_text.hpp"
#include "reeve/core/exit_waiter.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/os/file_watch.hpp"
#include "reeve/os/own_memory.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <unistd.h>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds status_interval{100};   // at most ten writes a second
constexpr std::chrono::seconds between_code_goes_back{10};  // what is in use comes back by page faults

}  // namespace

// The anchor is our parent and holds what our death would leave. Without it we must not go on.
Task<void> Supervisor::watch_anchor() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto handle = ProcessHandle::open(*settings_.anchor_pid);
    // Asked after it is held: only then is it certain whom we hold.
    const bool ours = handle.ok() && handle->has_value() && ::getppid() == *settings_.anchor_pid;
    if (ours) {
        Notifier ended;
        anchor_watch_ = &ended;
        while (!closing_ && !(*handle)->ended()) {
            std::vector<int> fds{(*handle)->exit_fd()};
            co_await wait_for_exits(std::move(fds), ended, Clock::time_point::max());
        }
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
    for (auto& [name, session] : sessions_) {
        if (!session->taken_over()) session->keep();
    }
    tasks_.spawn(keep_reaping());  // when somebody asks: nobody watches, so nothing asks by itself
    state_ = SupervisorState::safe;
    attention_.emplace_back(
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
            give_back_heap();  // what the busy time before has used
            if (reaps_done_ > 0 && Clock::now() >= code_goes_back_) {
                give_back_code();  // of the start, above all
                code_goes_back_ = Clock::now() + between_code_goes_back;
            }
            co_await status_dirty_.wait();
            continue;
        }
        // A session that ends and is started again is one change, and the disk is free for its record. What
        // has become of ourselves, a few times in a life, is told at once: somebody waits for just that. Only
        // `starting` may be over before it is written.
        const auto settled = Clock::now() + write_delay;
        while (!closing_ && Clock::now() < settled &&
               (written_state_ == state_ || state_ == SupervisorState::starting))
            co_await status_dirty_.wait(settled);
        dirty_ = false;
        written_state_ = state_;
        if (lost_lock_) continue;  // the file belongs to whoever has the store now
        co_await measure();
        const Status written = co_await status_file_->commit();
        if (!written.ok()) log_.warn("writing the status", {{"why", written.error().message()}});
        const Status counted = co_await metrics_file_->commit();
        if (!counted.ok()) log_.warn("writing the metrics", {{"why", counted.error().message()}});
        tell_attention();
        tell_manager_how_it_goes();
        const auto until = Clock::now() + status_interval;
        while (!closing_ && Clock::now() < until && written_state_ == state_)
            co_await status_dirty_.wait(until);
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

SessionStatus Supervisor::session_status(const Session& session) const {
    SessionStatus status = session.status();
    status.added = added_.contains(session.name()) && !aside_.contains(session.name());
    if (!status.pid && !status.container_id) return status;  // nothing runs, and uses nothing
    const auto usage = status.pid ? usage_.of(session.name(), *status.pid) : std::nullopt;
    status.memory_bytes = usage ? std::optional(usage->memory_bytes) : std::nullopt;
    status.cpu_seconds = usage ? std::optional(usage->cpu_seconds) : std::nullopt;
    return status;
}

Task<void> Supervisor::measure() {
    std::vector<UsageTarget> targets;
    for (const auto& [name, session] : sessions_) {
        const SessionStatus status = session->status();
        if (!status.pid) continue;
        UsageTarget target{name, *status.pid, {}, status.container_id.value_or("")};
        const auto recorded = record_.sessions.find(name);
        if (recorded != record_.sessions.end()) {
            if (const auto* process = std::get_if<ProcessSessionRecord>(&recorded->second)) {
                target.cgroup = process->cgroup;
            }
        }
        targets.push_back(std::move(target));
    }
    co_await usage_.refresh(std::move(targets));
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
    s.upgrades = upgrades_;
    s.control = store_.paths().control().string();
    for (const auto& [name, session] : sessions_) s.sessions[name] = session_status(*session);
    s.last_reap = last_reap_;
    s.pending = pending_;
    s.totals = totals_;
    for (const auto& [address, engine] : other_engines_) {
        s.engines[address.name + (address.endpoint.empty() ? "" : " " + address.endpoint)] = engine->status();
    }
    s.engines[engine_->engine().name()] = engine_->status();
    s.instances = instances_;
    s.attention = attention_;
    for (const auto& why : foreign_left_alone_) s.attention.push_back("left alone: " + why);
    for (const auto& [name, why] : aside_) {
        s.attention.push_back(name.value + ": was added, and is not run: " + why +
                              "; to forget it: reeve rm " + name.value);
    }
    for (const auto& [name, session] : s.sessions) {
        if (session.attention) s.attention.push_back(name.value + ": " + *session.attention);
    }
    for (const auto& [name, problem] : output_problems_) s.attention.push_back(name.value + ": " + problem);
    for (const auto& item : pending_) {
        s.attention.push_back("not reaped yet (" + item.what + " of instance " + item.instance_id +
                              "): " + item.why);
    }
    return s;
}

}  // namespace reeve

#include "reeve/core/engine_service.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace reeve {
namespace {

constexpr std::chrono::milliseconds first_pause{500};
constexpr std::chrono::milliseconds longest_pause{30'000};

}  // namespace

EngineService::EngineService(std::unique_ptr<ContainerEngine> engine, StoreId store, EventLog& log,
                             std::function<void()> status_changed)
    : engine_(std::move(engine)),
      store_(std::move(store)),
      log_(log),
      status_changed_(std::move(status_changed)) {
    status_.why = "not asked yet";
}

void EngineService::set_reachable(bool reachable, std::string why) {
    const bool same = status_.reachable == reachable && status_.why.value_or("") == why;
    if (same) return;
    if (status_.reachable != reachable) {
        if (reachable)
            log_.info("engine reachable", {{"engine", engine_->name()}});
        else
            log_.info("engine not reachable", {{"engine", engine_->name()}, {"why", why}});
    }
    status_.reachable = reachable;
    status_.why = why.empty() ? std::nullopt : std::optional(why);
    status_changed_();
}

void EngineService::note(const Status& outcome) {
    if (outcome.ok()) {
        set_reachable(true, {});
        return;
    }
    const auto& code = outcome.error().code();
    if (code == Errc::unreachable || code == Errc::not_found || code == Errc::timed_out) {
        set_reachable(false, outcome.error().message());
    }
}

Task<Status> EngineService::probe() {
    const ContainerEngine* const asked = engine_.get();
    const auto info = co_await engine_->info();
    if (asked != engine_.get()) {  // what the former one said is nobody's business any more
        co_return Error(Errc::unreachable, "reaching the engine", "another one was configured meanwhile");
    }
    if (!info.ok()) {
        const Status failed = info.error();
        set_reachable(false, info.error().message());
        co_return failed;
    }
    status_.version = info->version;
    engine_id_ = info->engine_id;
    set_reachable(true, {});
    co_return done;
}

void EngineService::need_events() {
    needed_ = true;
    changed_.notify();
}

void EngineService::replace(std::unique_ptr<ContainerEngine> engine) {
    replaced_.push_back(std::move(engine_));
    engine_ = std::move(engine);
    engine_id_.clear();
    status_.version.reset();
    replaced_now_ = true;
    stop_stream_.emit(asio::cancellation_type::terminal);
    changed_.notify();
    status_changed_();
}

void EngineService::close() {
    closing_ = true;
    stop_stream_.emit(asio::cancellation_type::terminal);
    changed_.notify();
}

Task<void> EngineService::listen() {
    const Executor executor = co_await asio::this_coro::executor;
    std::function<void(const EngineEvent&)> on_event = [this](const EngineEvent& event) {
        const auto watcher = watchers_.find(event.id);
        if (watcher != watchers_.end()) {
            const OnChange call = watcher->second;  // it may unwatch itself
            call();
        } else if (on_stranger_) {
            on_stranger_(event);
        }
    };
    // Behind the beginning of the stream, which goes back to that moment even if it takes its time.
    asio::post(executor, [this] {
        if (closing_) return;
        if (on_listening_) on_listening_();
        tell_watchers();
    });
    auto token = asio::bind_cancellation_slot(stop_stream_.slot(), asio::use_awaitable);
    auto follow = engine_->follow_events(label_store, store_.value, std::move(on_event));
    const Status ended = co_await asio::co_spawn(executor, std::move(follow), token);
    if (!ended.ok() && !closing_) log_.debug("event stream ended", {{"why", ended.error().message()}});
}

// Everybody looks for themselves: what happened while nobody listened came by no event.
void EngineService::tell_watchers() {
    const auto watchers = watchers_;  // they may unwatch themselves
    for (const auto& [id, call] : watchers) call();
}

Task<void> EngineService::keep() {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto pause = first_pause;
    while (!closing_) {
        if (!needed_) {
            co_await changed_.wait();
            continue;
        }
        replaced_now_ = false;
        const Status there = co_await probe();
        if (there.ok() && !closing_ && !replaced_now_) {
            const auto began = std::chrono::steady_clock::now();
            co_await listen();
            if (std::chrono::steady_clock::now() - began > longest_pause) pause = first_pause;
        }
        tell_watchers();
        const auto until = std::chrono::steady_clock::now() + pause;
        while (!closing_ && !replaced_now_ && std::chrono::steady_clock::now() < until)
            co_await changed_.wait(until);
        pause = replaced_now_ ? first_pause : std::min(pause * 2, longest_pause);
    }
}

}  // namespace reeve

#include "reeve/core/engine_service.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <algorithm>

namespace reeve {
namespace {

constexpr std::chrono::milliseconds first_pause{500};
constexpr std::chrono::milliseconds longest_pause{30'000};

}  // namespace

EngineService::EngineService(Executor executor, std::unique_ptr<ContainerEngine> engine, StoreId store,
                             EventLog& log, std::function<void()> status_changed)
    : engine_(std::move(engine)),
      store_(std::move(store)),
      log_(log),
      status_changed_(std::move(status_changed)),
      changed_(executor) {
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
    const auto info = co_await engine_->info();
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

void EngineService::close() {
    closing_ = true;
    stop_stream_.emit(asio::cancellation_type::terminal);
    changed_.notify();
}

Task<void> EngineService::keep() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const Executor executor = co_await asio::this_coro::executor;
    auto pause = first_pause;
    while (!closing_) {
        if (!needed_) {
            co_await changed_.wait();
            continue;
        }
        const Status there = co_await probe();
        if (there.ok() && !closing_) {
            const auto began = std::chrono::steady_clock::now();
            std::function<void(const EngineEvent&)> on_event = [this](const EngineEvent& event) {
                // A HEALTHCHECK is a program run inside: three events for each, none of which says a thing.
                if (event.action.starts_with("exec_")) return;
                const auto watcher = watchers_.find(event.id);
                if (watcher != watchers_.end()) {
                    const OnChange call = watcher->second;  // it may unwatch itself
                    call();
                } else if (on_stranger_) {
                    on_stranger_(event);
                }
            };
            auto token = asio::bind_cancellation_slot(stop_stream_.slot(), asio::use_awaitable);
            auto follow = engine_->follow_events(label_store, store_.value, std::move(on_event));
            const Status ended = co_await asio::co_spawn(executor, std::move(follow), token);
            if (!ended.ok() && !closing_)
                log_.debug("event stream ended", {{"why", ended.error().message()}});
            if (std::chrono::steady_clock::now() - began > longest_pause) pause = first_pause;
        }
        // Everybody looks for themselves: what happened while nobody listened came by no event.
        const auto watchers = watchers_;
        for (const auto& [id, call] : watchers) call();
        const auto until = std::chrono::steady_clock::now() + pause;
        while (!closing_ && std::chrono::steady_clock::now() < until) co_await changed_.wait(until);
        pause = std::min(pause * 2, longest_pause);
    }
}

}  // namespace reeve

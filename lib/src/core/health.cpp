#include "reeve/core/health.hpp"

#include "reeve/base/time_text.hpp"

#include <algorithm>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Of one look for readiness: a server that accepts and then hangs must not use up the whole time.
constexpr milliseconds longest_look{10'000};
constexpr milliseconds shortest_look{10};

milliseconds left_until(Clock::time_point deadline) {
    return std::max(duration_cast<milliseconds>(deadline - Clock::now()), shortest_look);
}

// "running check: it exited with 1"; of a sign that is missing only what is missing.
std::string text_of(const Error& error) {
    if (error.what() == "waiting for a sign") return error.why();
    return error.what() + ": " + error.why();
}

}  // namespace

Health::Health(Executor executor, std::function<void()> changed)
    : changed_(std::move(changed)), tasks_(executor, [this](const std::string& bug) {
          judge("a probe failed by a mistake in reeve: " + bug);
      }) {}

void Health::begin(const Seldom<ReadyConfig>& ready, const Seldom<LiveConfig>& live, Probes probes,
                   bool ready_before) {
    ready_config_ = ready.value_or(ReadyConfig{});
    live_config_ = live.value_or(LiveConfig{});
    probes_ = std::move(probes);
    verdict_.reset();
    ending_ = false;
    ready_ = (!probes_.ready || ready_before) && !probes_.problem;
    if (probes_.problem) {
        judge(*probes_.problem);
    } else if (probes_.ready || probes_.live) {
        tasks_.spawn(watch());
    }
}

void Health::end() {
    ending_ = true;
    ready_ = false;
    tasks_.cancel();
    wake_.notify();
}

Task<void> Health::ended() {
    co_await tasks_.join();
    probes_ = {};
}

void Health::judge(std::string verdict) {
    if (ending_) return;
    ready_ = false;
    verdict_ = std::move(verdict);
    changed_();
}

Task<void> Health::watch() {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (probes_.ready && !ready_) {
        const Status ready = co_await wait_until_ready();
        if (ending_) co_return;
        if (!ready.ok()) {
            const bool at_once = ready.error().code() == Errc::refused;
            const std::string in_time = at_once ? "" : " within " + format_duration(ready_config_.timeout);
            judge("not ready" + in_time + ": " + text_of(ready.error()));
            co_return;
        }
        ready_ = true;
        changed_();
    }
    if (!probes_.live) co_return;
    const Status alive = co_await watch_liveness();
    if (!alive.ok()) judge("not live: " + text_of(alive.error()));
}

Task<Status> Health::wait_until_ready() {
    const auto deadline = Clock::now() + ready_config_.timeout;
    co_await pause(std::min(ready_config_.initial_delay, ready_config_.timeout));
    Status last = Error(Errc::timed_out, "looking", "the initial delay is longer than that");
    const bool by_sign = probes_.ready->waits_for_a_sign();
    bool looked = false;
    while (!ending_ && Clock::now() < deadline) {
        const milliseconds left = left_until(deadline);
        const milliseconds limit = by_sign ? left : std::min(left, longest_look);
        Status seen = co_await probes_.ready->look(limit);
        if (seen.ok() || seen.error().code() == Errc::refused) co_return seen;
        // A last look that was cut short says less than the one before.
        if (!looked || seen.error().code() != Errc::timed_out) last = std::move(seen);
        looked = true;
        co_await pause(std::min(ready_config_.interval, left_until(deadline)));
    }
    co_return last;
}

// Completes with an error when it is not live, and without one when that is no question any more.
Task<Status> Health::watch_liveness() {
    co_await pause(live_config_.initial_delay);
    const bool by_sign = probes_.live->waits_for_a_sign();
    const milliseconds limit = by_sign ? live_config_.interval : live_config_.timeout;
    int failures = 0;
    while (!ending_) {
        if (!by_sign) co_await pause(live_config_.interval);
        if (ending_) break;
        const Status seen = co_await probes_.live->look(limit);
        if (ending_) break;
        failures = seen.ok() ? 0 : failures + 1;
        if (failures < live_config_.failures) continue;
        const Error& why = seen.error();
        if (failures == 1) co_return why;
        co_return Error(why.code(), why.what(),
                        why.why() + ", " + std::to_string(failures) + " times in a row");
    }
    co_return done;
}

Task<void> Health::pause(milliseconds time) {
    const auto until = Clock::now() + time;
    while (!ending_ && Clock::now() < until) co_await wake_.wait(until);
}

}  // namespace reeve

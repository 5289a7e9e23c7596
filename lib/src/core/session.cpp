#include "reeve/core/session.hpp"

#include "reeve/base/time_text.hpp"

#include <algorithm>
#include <random>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds longest_engine_pause{30'000};
constexpr std::chrono::milliseconds first_retry{1'000};
constexpr std::chrono::milliseconds longest_retry{300'000};

double random_fraction() {
    static thread_local std::minstd_rand source{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(source);
}

std::string join(const std::vector<std::string>& parts) {
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : ", ") + part;
    return text;
}

std::string describe(const LastExit& exit) {
    if (exit.signal) return "ended by signal " + std::to_string(*exit.signal);
    return "exited with status " + std::to_string(exit.code.value_or(-1));
}

}  // namespace

Session::Session(Executor executor, SessionName name, SessionConfig config, SessionHost& host,
                 std::unique_ptr<SessionRunner> runner)
    : name_(std::move(name)),
      config_(std::move(config)),
      host_(host),
      runner_(std::move(runner)),
      changed_(executor),
      settled_(executor) {}

SessionStatus Session::status() const {
    SessionStatus status;
    status.kind = runner_->kind();
    status.state = state_;
    status.ready = ready();
    status.restarts = restarts_;
    status.started_at = started_at_;
    status.last_exit = last_exit_;
    status.attention = attention_;
    runner_->describe(status);
    return status;
}

bool Session::down() const {
    return state_ == SessionState::stopped || state_ == SessionState::exited ||
           state_ == SessionState::failed;
}

void Session::set_state(SessionState state) {
    if (state_ == state) return;
    state_ = state;
    settled_.notify();
    host_.status_changed();
}

void Session::mark_started(std::string at) {
    started_at_ = std::move(at);
    attention_.reset();
    engine_pause_ = std::chrono::milliseconds(1000);
    if (lives_++ > 0) ++restarts_;
}

void Session::start() {
    if (wanted_ && !down()) return;
    wanted_ = true;
    budget_.forgive();
    pause_.reset();
    attention_.reset();
    // Shown at once, so that whoever asked does not see the end of an earlier life and take it for this
    // one's.
    if (down()) set_state(SessionState::waiting);
    changed_.notify();
}

void Session::ask_stop() {
    wanted_ = false;
    changed_.notify();
}

Task<Status> Session::wait_started() {
    while (state_ == SessionState::starting || state_ == SessionState::waiting) co_await settled_.wait();
    if (state_ == SessionState::running) co_return done;
    std::string why = attention_.value_or(last_exit_ ? describe(*last_exit_) : to_string(state_));
    co_return Error(Errc::failed, "starting " + name_.value, std::move(why),
                    "see: reeve logs " + name_.value);
}

Task<Status> Session::stop() {
    ask_stop();
    if (left_behind_) {
        attention_.reset();
        retry_now_ = true;
        changed_.notify();
    }
    while (!down() && !wanted_) {
        // A stop that could not finish stays in `stopping` and says what is left.
        if (left_behind_ && attention_) {
            co_return Error(Errc::failed, "stopping " + name_.value, *attention_);
        }
        co_await settled_.wait();
    }
    co_return done;
}

void Session::close() {
    closing_ = true;
    wanted_ = false;
    changed_.notify();
}

bool Session::may_start() const {
    return std::all_of(config_.after.begin(), config_.after.end(),
                       [this](const SessionName& name) { return host_.is_ready(name); });
}

Task<void> Session::keep() {
    co_await asio::this_coro::throw_if_cancelled(false);
    keeping_ = true;
    while (!closing_) {
        if (!wanted_) {
            if (!down()) set_state(SessionState::stopped);
            co_await changed_.wait();
        } else if (pause_) {
            const auto delay = *pause_;
            pause_.reset();
            co_await pause(delay);
        } else if (!may_start()) {
            set_state(SessionState::waiting);
            co_await changed_.wait();
        } else {
            co_await one_life();
        }
    }
    if (!down() && !left_behind_) set_state(SessionState::stopped);
    keeping_ = false;
    host_.status_changed();
}

Task<void> Session::pause(std::chrono::milliseconds delay) {
    const auto until = Clock::now() + delay;
    while (!must_end() && Clock::now() < until) co_await changed_.wait(until);
}

Task<void> Session::one_life() {
    set_state(SessionState::starting);
    const auto began = Clock::now();
    Life life = co_await runner_->live(*this);
    co_await end_what_is_left(life);
    after_life(life, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began));
}

// What is left must not be forgotten, nor a second copy be started beside it: it stays in `stopping`, and is
// tried again with growing pauses, or at once when somebody asks.
Task<void> Session::end_what_is_left(Life& life) {
    auto delay = first_retry;
    left_behind_ = !life.left.empty();
    while (left_behind_) {
        const std::string next = closing_ ? "the next start of the supervisor tries again"
                                          : "trying again in " + std::to_string(delay.count() / 1000) + " s";
        attention_ = "still there: " + join(life.left) + "; " + next;
        retry_now_ = false;
        settled_.notify();
        host_.status_changed();
        if (closing_) co_return;
        const auto until = Clock::now() + delay;
        while (!closing_ && !retry_now_ && Clock::now() < until) co_await changed_.wait(until);
        if (closing_) continue;
        delay = std::min(delay * 2, longest_retry);
        Life again = co_await runner_->end_again(*this);
        if (again.exit) life.exit = again.exit, life.clean = again.clean;
        life.left = std::move(again.left);
        left_behind_ = !life.left.empty();
    }
    attention_.reset();
}

void Session::after_life(const Life& life, std::chrono::milliseconds ran) {
    if (life.exit) last_exit_ = life.exit;
    started_at_.reset();
    if (!life.left.empty()) return;  // stays in `stopping`
    if (must_end()) {
        attention_.reset();
        set_state(SessionState::stopped);
        return;
    }
    if (!life.problem.empty()) attention_ = life.problem;
    if (life.engine_missing) {
        pause_ = engine_pause_;
        engine_pause_ = std::min(engine_pause_ * 2, longest_engine_pause);
        set_state(SessionState::waiting);
        host_.status_changed();
        return;
    }
    const auto decision = budget_.ended(config_, life.clean, ran, Clock::now(), random_fraction());
    switch (decision.what) {
        case RestartBudget::Decision::What::restart:
            pause_ = decision.delay;
            set_state(SessionState::backoff);
            return;
        case RestartBudget::Decision::What::leave:
            wanted_ = false;
            set_state(life.clean ? SessionState::exited : SessionState::failed);
            return;
        case RestartBudget::Decision::What::give_up:
            wanted_ = false;
            attention_ = decision.why + (last_exit_ ? ", " + describe(*last_exit_) + " at last" : "") +
                         "; see: reeve logs " + name_.value + ", then: reeve start " + name_.value;
            set_state(SessionState::failed);
            return;
    }
}

}  // namespace reeve

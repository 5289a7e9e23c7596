// What a session does, from the moment that something wakes it until there is nothing more to do.
#include "reeve/base/text.hpp"
#include "reeve/core/session.hpp"

#include <algorithm>
#include <random>
#include <utility>

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

}  // namespace

Task<void> Session::act() {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::string bug;
    try {
        co_await act_until_rest();
    } catch (const std::exception& thrown) {
        bug = thrown.what();
    }
    if (bug.empty()) co_return;
    // A mistake of ours. What runs of it stays on record, so the next supervisor ends it; a stop says so.
    host_.note(name_, "bug in a session's task", bug);
    turn_.reset();
    acting_ = keeping_ = wanted_ = start_again_ = false;
    broken_ = true;
    left_behind_ = !down();
    if (left_behind_) set_state(SessionState::stopping);
    attention_ = "internal error: " + bug +
                 "; please report it. The next start of the supervisor ends what runs of it";
    settled_.notify();
    host_.status_changed();
}

// As long as there is something to do.
Task<void> Session::act_until_rest() {
    for (;;) {
        woken_ = false;
        bool at_rest = false;
        if (lives_now_) {
            const bool over = co_await life_is_over();
            if (over) co_await end_life();
            at_rest = !over;
        } else if (closing_) {
            break;
        } else if (!wanted_) {
            turn_.reset();
            if (!down()) set_state(SessionState::stopped);
            at_rest = true;
        } else if (pause_) {
            const auto delay = *pause_;
            pause_.reset();
            co_await pause(delay);
        } else if (!may_begin()) {
            set_state(SessionState::waiting);
            at_rest = true;
        } else {
            co_await begin_life();
        }
        if (!at_rest || woken_) continue;
        acting_ = false;
        co_return;
    }
    turn_.reset();
    if (!down() && !left_behind_) set_state(SessionState::stopped);
    acting_ = keeping_ = false;
    host_.status_changed();
}

Task<void> Session::pause(std::chrono::milliseconds delay) {
    const auto until = Clock::now() + delay;
    pause_ends_ = until;
    while (!asked_to_end() && Clock::now() < until) co_await changed_.wait(until);
    pause_ends_.reset();
}

Task<bool> Session::life_is_over() {
    if (state_ == SessionState::stopping || must_end()) co_return true;
    const bool ended = co_await runner_->ended(*this);
    co_return ended || must_end();
}

Task<void> Session::begin_life() {
    set_state(SessionState::starting);
    life_began_ = Clock::now();
    Life life;
    std::unique_ptr<Semaphore::Turn> turn = std::move(turn_);  // given back however it ends
    const bool runs = co_await runner_->begin(*this, life);
    turn.reset();
    lives_now_ = runs;
    if (!runs) co_await conclude(std::move(life));
}

Task<void> Session::end_life() {
    Life life;
    co_await runner_->end(*this, life);
    lives_now_ = false;
    co_await conclude(std::move(life));
}

Task<void> Session::conclude(Life life) {
    std::optional<std::string> verdict;
    if (health_) {
        co_await health_->ended();
        verdict = health_->take_verdict();
    }
    const bool by_probe = verdict.has_value() && !asked_to_end();
    co_await end_what_is_left(life);
    if (by_probe) {
        life.clean = false;
        life.problem = *verdict;
        if (life.exit) life.exit->why = life.problem;
        host_.note(name_, "session ended by its probe", life.problem);
    }
    after_life(life, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - life_began_));
    if (pause_ == std::chrono::milliseconds(0) && !saving_) {
        unsaved_ = false;
        host_.remember_soon(name_, {stopped_by_hand_, budget_.state()});
    } else {
        co_await save_memory();
    }
}

// What is left must not be forgotten, nor a second copy be started beside it: it stays in `stopping`, and is
// tried again with growing pauses, or at once when somebody asks.
Task<void> Session::end_what_is_left(Life& life) {
    auto delay = first_retry;
    left_behind_ = !life.left.empty();
    while (left_behind_) {
        const std::string next = closing_ ? "the next start of the supervisor tries again"
                                          : "trying again in " + std::to_string(delay.count() / 1000) + " s";
        attention_ = "still there: " + joined(life.left) + "; " + next;
        retry_now_ = false;
        settled_.notify();
        host_.status_changed();
        if (closing_) co_return;
        const auto until = Clock::now() + delay;
        while (!closing_ && !retry_now_ && Clock::now() < until) co_await changed_.wait(until);
        if (closing_) continue;
        delay = std::min(delay * 2, longest_retry);
        retrying_ = true;
        Life again;
        co_await runner_->end(*this, again);
        retrying_ = false;
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
    if (asked_to_end()) {
        attention_.reset();
        set_state(SessionState::stopped);
        return;
    }
    if (std::exchange(start_again_, false)) {
        attention_.reset();
        set_state(SessionState::waiting);
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
    unsaved_ = unsaved_ || decision.what != RestartBudget::Decision::What::leave;
    if (decision.what == RestartBudget::Decision::What::restart) {
        pause_ = decision.delay;
        set_state(SessionState::backoff);
        return;
    }
    wanted_ = false;
    const bool failed = decision.what == RestartBudget::Decision::What::give_up || !life.clean;
    if (failed) {
        const std::string output = runner_->last_output(*this);
        if (!output.empty()) last_output_ = output;
    }
    if (decision.what == RestartBudget::Decision::What::give_up) {
        const std::string last = !life.problem.empty() ? life.problem
                                 : last_exit_          ? describe(*last_exit_)
                                                       : "";
        attention_ = decision.why + (last.empty() ? "" : ", " + last + " at last") + "; see: reeve logs " +
                     name_.value + ", then: reeve start " + name_.value;
        host_.note(name_, "session given up", *attention_);
    }
    set_state(failed ? SessionState::failed : SessionState::exited);
}

}  // namespace reeve

#include "reeve/core/session.hpp"

#include "reeve/base/scope_exit.hpp"
#include "reeve/base/time_text.hpp"

#include <algorithm>
#include <utility>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

Session::Session(Executor executor, SessionName name, SessionConfig config, SessionHost& host,
                 std::unique_ptr<SessionRunner> runner)
    : name_(std::move(name)), config_(std::move(config)), host_(host), runner_(std::move(runner)) {
    if (!config_.ready && !config_.live) return;
    health_ = std::make_unique<Health>(executor, [this] {
        wake();
        settled_.notify();
        host_.status_changed();
    });
}

SessionStatus Session::status() const {
    SessionStatus status;
    status.kind = runner_->kind();
    status.state = state_;
    status.ready = ready();
    status.restarts = restarts_;
    if (started_at_) status.started_at = to_rfc3339(*started_at_);
    status.last_exit = last_exit_;
    status.attention = attention_;
    status.last_output = last_output_;
    runner_->describe(status);
    return status;
}

bool Session::down() const {
    return state_ == SessionState::stopped || state_ == SessionState::exited ||
           state_ == SessionState::failed;
}

void Session::set_state(SessionState state) {
    if (state_ == state) return;
    const bool was_running = state_ == SessionState::running;
    state_ = state;
    if (state_ == SessionState::running) begin_health();
    if (was_running && health_) health_->end();
    settled_.notify();
    host_.status_changed();
}

void Session::mark_started(std::chrono::system_clock::time_point at) {
    started_at_ = at;
    attention_.reset();
    start_again_ = false;
    engine_pause_ = std::chrono::milliseconds(1000);
    if (lives_++ > 0) ++restarts_;
}

void Session::begin_health(bool ready_before) {
    if (!health_) return;
    using Question = SessionRunner::Question;
    Health::Probes probes;
    const auto make = [&](const auto& config, Question question, std::unique_ptr<Probe>& probe) {
        if (!config) return;
        auto made = runner_->make_probe(*this, config->by, question);
        if (made.ok())
            probe = std::move(*made);
        else
            probes.problem = made.error().message();
    };
    make(config_.ready, Question::ready, probes.ready);
    make(config_.live, Question::live, probes.live);
    health_->begin(config_.ready, config_.live, std::move(probes), ready_before);
}

void Session::recall(SessionMemory memory) {
    stopped_by_hand_ = memory.stopped_by_hand;
    budget_.recall(std::move(memory.budget));
}

Task<void> Session::save_memory() {
    // Somebody else may be writing what our caller has changed: it counts only once it is on disk.
    while (saving_) co_await settled_.wait();
    if (!unsaved_) co_return;
    unsaved_ = false;
    saving_ = true;
    const ScopeExit saved([this] {
        saving_ = false;
        settled_.notify();
    });
    SessionMemory memory{stopped_by_hand_, budget_.state()};
    co_await host_.remember(name_, std::move(memory));
}

void Session::start_with_supervisor() {
    if (!config_.autostart) return;
    if (config_.restart == RestartPolicy::unless_stopped && stopped_by_hand_) return;
    if (const auto why = budget_.still_given_up(config_.give_up_after, Clock::now())) {
        attention_ = *why + " before the supervisor was started again; see: reeve logs " + name_.value +
                     ", then: reeve start " + name_.value;
        set_state(SessionState::failed);
        return;
    }
    wanted_ = true;
    set_state(SessionState::waiting);
    wake();
}

void Session::start() {
    if (broken_) return;
    if (stopped_by_hand_) unsaved_ = true;
    stopped_by_hand_ = false;
    if (wanted_ && !down()) return;
    // A stop is under way: what ends then is not judged as if it had ended by itself.
    start_again_ = !wanted_ && (state_ == SessionState::stopping || state_ == SessionState::starting);
    wanted_ = true;
    lives_before_start_ = lives_;
    if (!(budget_.state() == RestartBudget::State{})) unsaved_ = true;
    budget_.forgive();
    pause_.reset();
    attention_.reset();
    last_output_.reset();
    // Shown at once, so that whoever asked does not see the end of an earlier life and take it for this
    // one's.
    if (down()) set_state(SessionState::waiting);
    wake();
}

void Session::ask_stop(By by) {
    const bool is_news = std::exchange(wanted_, false);
    start_again_ = false;
    if (by == By::hand && !stopped_by_hand_) stopped_by_hand_ = unsaved_ = true;
    if (is_news) wake();
}

std::string Session::describe(const LastExit& exit) {
    if (exit.signal) return "ended by signal " + std::to_string(*exit.signal);
    return "exited with status " + std::to_string(exit.code.value_or(-1));
}

Task<Status> Session::wait_started() {
    co_await save_memory();
    const auto undecided = [this] { return beginning() || (state_ == SessionState::running && !ready()); };
    while (undecided()) co_await settled_.wait();
    if (state_ == SessionState::running) co_return done;
    if (broken_) co_return Error(Errc::failed, "starting " + name_.value, attention_.value_or(""));
    // It has run, and no more was asked of it: how soon it ended is for its policy to judge.
    if (!config_.ready && lives_ > lives_before_start_) co_return done;
    // On its way down by a verdict of its probes, which says more than the state.
    if (state_ == SessionState::stopping && judged()) {
        co_return Error(Errc::failed, "starting " + name_.value, *health_->verdict(),
                        "see: reeve logs " + name_.value);
    }
    std::string why = attention_.value_or(last_exit_ ? describe(*last_exit_) : to_string(state_));
    co_return Error(Errc::failed, "starting " + name_.value, std::move(why),
                    "see: reeve logs " + name_.value);
}

Task<Status> Session::stop() {
    ask_stop();
    co_await save_memory();
    if (left_behind_ && !broken_) {
        attention_.reset();
        retry_now_ = true;
        wake();
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
    wanted_ = start_again_ = false;
    wake();
}

bool Session::may_start() const {
    return !host_.held() && std::all_of(config_.after.begin(), config_.after.end(),
                                        [this](const SessionName& name) { return host_.is_ready(name); });
}

// Whoever may not start any more does not keep others waiting for its turn.
bool Session::may_begin() {
    if (!may_start()) {
        turn_.reset();
        return false;
    }
    Semaphore* const starts = runner_->starts();
    if (starts == nullptr) return true;
    if (!turn_) turn_ = std::make_unique<Semaphore::Turn>(*starts, [this] { wake(); });
    return turn_->has_come();
}

void Session::keep() {
    keeping_ = true;
    wake();
}

void Session::wake() {
    woken_ = true;
    changed_.notify();
    if (!keeping_ || acting_) return;
    acting_ = true;
    host_.act_soon(*this);
}

}  // namespace reeve

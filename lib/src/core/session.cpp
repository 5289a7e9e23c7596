#include "reeve/core/session.hpp"

#include "reeve/base/time_text.hpp"

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
    SessionMemory memory{stopped_by_hand_, budget_.state()};
    co_await host_.remember(name_, std::move(memory));
    saving_ = false;
    settled_.notify();
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

Task<Status> Session::wait_started() {
    co_await save_memory();
    const auto undecided = [this] { return beginning() || (state_ == SessionState::running && !ready()); };
    while (undecided()) co_await settled_.wait();
    if (state_ == SessionState::running) co_return done;
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
    if (left_behind_) {
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

bool Session::has_turn() {
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

// As long as there is something to do.
Task<void> Session::act() {
    co_await asio::this_coro::throw_if_cancelled(false);
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
        } else if (!may_start()) {
            turn_.reset();
            set_state(SessionState::waiting);
            at_rest = true;
        } else if (!has_turn()) {
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
    const bool runs = co_await runner_->begin(*this, life);
    lives_now_ = runs;
    turn_.reset();
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
        attention_ = "still there: " + join(life.left) + "; " + next;
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

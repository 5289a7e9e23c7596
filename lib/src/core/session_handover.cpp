// A session across an exec of the supervisor (model/handover.hpp).
#include "reeve/base/time_text.hpp"
#include "reeve/core/session.hpp"

#include <algorithm>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

}  // namespace

std::string Session::moving() const {
    if (state_ == SessionState::starting) return "session " + name_.value + " is starting";
    if (state_ == SessionState::stopping && (!left_behind_ || retrying_))
        return "session " + name_.value + " is stopping";
    return {};
}

HandedSession Session::hand_over() const {
    HandedSession handed;
    handed.wanted = wanted_;
    handed.lives = lives_;
    handed.lives_before_start = lives_before_start_;
    if (pause_ends_)
        handed.pause_left =
            std::max(duration_cast<milliseconds>(*pause_ends_ - Clock::now()), milliseconds(0));
    else if (pause_)
        handed.pause_left = *pause_;
    if (state_ != SessionState::running && !left_behind_) return handed;
    handed.ran = duration_cast<milliseconds>(Clock::now() - life_began_);
    handed.process = runner_->hand_over();
    return handed;
}

void Session::take_over(const SessionStatus& seen, const HandedSession& handed,
                        const std::optional<SessionRecord>& record) {
    taken_over_ = true;
    wanted_ = handed.wanted;
    restarts_ = seen.restarts;
    lives_ = handed.lives;
    lives_before_start_ = handed.lives_before_start;
    pause_ = handed.pause_left;
    if (seen.started_at) started_at_ = from_rfc3339(*seen.started_at);
    last_exit_ = seen.last_exit;
    attention_ = seen.attention;
    last_output_ = seen.last_output;
    state_ = seen.state;
    const bool has_life = state_ == SessionState::running || state_ == SessionState::stopping;
    if (!has_life || !record) return;
    lives_now_ = true;
    life_began_ = Clock::now() - handed.ran;
    runner_->take_over(*this, *record, handed.process);
    if (state_ == SessionState::running) begin_health(seen.ready);
}

}  // namespace reeve

// Whether and when a session that ended is started again. Pure: time comes in as an argument.
#pragma once

#include "reeve/base/seldom.hpp"
#include "reeve/model/config.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

class RestartBudget {
  public:
    // Of the clock that nobody sets: a wall clock that jumps neither forgets restarts nor makes any up.
    using Time = std::chrono::steady_clock::time_point;

    struct Decision {
        enum class What { restart, leave, give_up };
        What what = What::leave;
        std::chrono::milliseconds delay{0};  // with restart
        std::string why;                     // with give_up, for people
    };

    // All that there is to know of it, for a supervisor that comes after this one.
    struct GaveUp {
        Time at;
        std::string why;  // for people
        bool operator==(const GaveUp&) const = default;
    };
    struct State {
        int in_a_row = 0;          // short lives, one after another
        std::vector<Time> recent;  // restarts, the oldest first
        Seldom<GaveUp> gave_up;
        bool operator==(const State&) const = default;
    };

    // A session that ended at `now` after it had run for `ran`. `jitter` in [0, 1) spreads restarts of many
    // sessions that died of one cause: the delay is shortened by up to a tenth.
    Decision ended(const SessionConfig& config, bool clean, std::chrono::milliseconds ran, Time now,
                   double jitter);

    // Why it was given up, as long as that is not longer ago than what its limit speaks of: a restart of the
    // supervisor is no way around the limit, nor is it for ever.
    std::optional<std::string> still_given_up(const GiveUpConfig& config, Time now) const;

    // A person asked for the session: what was before does not count any more.
    void forgive() { state_ = {}; }

    const State& state() const { return state_; }
    void recall(State state) { state_ = std::move(state); }

  private:
    State state_;
};

}  // namespace reeve

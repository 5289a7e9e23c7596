// Whether and when a session that ended is started again. Pure: time comes in as an argument.
#pragma once

#include "reeve/model/config.hpp"

#include <chrono>
#include <deque>
#include <string>

namespace reeve {

class RestartBudget {
  public:
    using Time = std::chrono::steady_clock::time_point;

    struct Decision {
        enum class What { restart, leave, give_up };
        What what = What::leave;
        std::chrono::milliseconds delay{0};  // with restart
        std::string why;                     // with give_up, for people
    };

    // A session that ended at `now` after it had run for `ran`. `jitter` in [0, 1) spreads restarts of many
    // sessions that died of one cause: the delay is shortened by up to a tenth.
    Decision ended(const SessionConfig& config, bool clean, std::chrono::milliseconds ran, Time now,
                   double jitter);

    // A person asked for the session: what was before does not count any more.
    void forgive() { recent_.clear(), in_a_row_ = 0; }

  private:
    std::deque<Time> recent_;  // restarts within the window
    int in_a_row_ = 0;         // short lives, one after another
};

}  // namespace reeve

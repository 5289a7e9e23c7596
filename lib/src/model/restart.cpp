#include "reeve/model/restart.hpp"

#include "reeve/base/time_text.hpp"

#include <algorithm>

namespace reeve {
namespace {

// A life this long was no crash at start: the next delay begins at the bottom again.
constexpr std::chrono::milliseconds stable_life{10'000};

std::chrono::milliseconds delay_after(const BackoffConfig& backoff, int in_a_row, double jitter) {
    auto delay = std::min(backoff.initial, backoff.max);
    for (int i = 1; i < in_a_row && delay < backoff.max; ++i) delay = std::min(delay * 2, backoff.max);
    const auto shorter = static_cast<long long>(static_cast<double>(delay.count()) * 0.1 * jitter);
    return delay - std::chrono::milliseconds(shorter);
}

}  // namespace

RestartBudget::Decision RestartBudget::ended(const SessionConfig& config, bool clean,
                                             std::chrono::milliseconds ran, Time now, double jitter) {
    const bool wanted =
        config.restart == RestartPolicy::always || (config.restart == RestartPolicy::on_failure && !clean);
    if (!wanted) return {};
    in_a_row_ = ran >= stable_life ? 1 : in_a_row_ + 1;
    while (!recent_.empty() && now - recent_.front() > config.give_up_after.within) recent_.pop_front();
    if (static_cast<int>(recent_.size()) >= config.give_up_after.restarts) {
        return {Decision::What::give_up,
                {},
                "restarted " + std::to_string(recent_.size()) + " times within " +
                    format_duration(config.give_up_after.within)};
    }
    recent_.push_back(now);
    return {Decision::What::restart, delay_after(config.backoff, in_a_row_, jitter), {}};
}

}  // namespace reeve

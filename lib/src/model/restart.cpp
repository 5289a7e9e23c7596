#include "reeve/model/restart.hpp"

#include "reeve/base/time_text.hpp"

#include <algorithm>

namespace reeve {
namespace {

std::chrono::milliseconds delay_after(const BackoffConfig& backoff, int in_a_row, double jitter) {
    auto delay = std::min(backoff.initial, backoff.max);
    for (int i = 1; i < in_a_row && delay < backoff.max; ++i) delay = std::min(delay * 2, backoff.max);
    const auto shorter = static_cast<long long>(static_cast<double>(delay.count()) * 0.1 * jitter);
    return delay - std::chrono::milliseconds(shorter);
}

bool wants_restart(RestartPolicy policy, bool clean) {
    switch (policy) {
        case RestartPolicy::never:
            return false;
        case RestartPolicy::on_failure:
            return !clean;
        case RestartPolicy::always:
        case RestartPolicy::unless_stopped:
            return true;
    }
    return false;
}

}  // namespace

RestartBudget::Decision RestartBudget::ended(const SessionConfig& config, bool clean,
                                             std::chrono::milliseconds ran, Time now, double jitter) {
    if (!wants_restart(config.restart, clean)) return {};
    state_.in_a_row = ran >= config.backoff.reset_after ? 1 : state_.in_a_row + 1;
    auto& recent = state_.recent;
    std::erase_if(recent, [&](const auto& restart) { return now - restart > config.give_up_after.within; });
    if (static_cast<int>(recent.size()) >= config.give_up_after.restarts) {
        GaveUp& gave_up = state_.gave_up.emplace();
        gave_up.at = now;
        gave_up.why = "restarted " + std::to_string(recent.size()) + " times within " +
                      format_duration(config.give_up_after.within);
        return {Decision::What::give_up, {}, gave_up.why};
    }
    recent.push_back(now);
    return {Decision::What::restart, delay_after(config.backoff, state_.in_a_row, jitter), {}};
}

std::optional<std::string> RestartBudget::still_given_up(const GiveUpConfig& config, Time now) const {
    if (!state_.gave_up || now - state_.gave_up->at > config.within) return std::nullopt;
    return state_.gave_up->why;
}

}  // namespace reeve

#include "lock_holder.hpp"

#include "reeve/base/time_text.hpp"
#include "reeve/os/process_table.hpp"

namespace reeve {
namespace {

// A process's start on the wall clock is good to about a second, and a program may write its lock at once.
constexpr double clock_tolerance = 2.0;

// The hostname only chooses the words here, never between alive and dead: it may change under a live holder.
OwnerState judge_by_clock(const LockPayload& payload, const Host& here, const ProcessSeen& seen) {
    const OwnerState gone = payload.hostname == here.hostname ? OwnerState::dead : OwnerState::foreign;
    if (seen.state == ProcessSeen::State::absent || seen.state == ProcessSeen::State::zombie) return gone;
    const auto written = from_rfc3339(payload.started_at);
    const auto started = wall_clock_start_of(payload.pid);
    if (!written || !started) return OwnerState::unknown;
    const std::chrono::duration<double> written_at = written->time_since_epoch();
    return *started > written_at.count() + clock_tolerance ? gone : OwnerState::alive;
}

}  // namespace

OwnerState judge_holder(const LockPayload& payload, const Host& here) {
    const ProcessSeen seen = look_at(payload.pid);
    const bool has_identity =
        !payload.boot_id.empty() && (payload.start_time != 0 || payload.pidfs_inode != 0);
    return has_identity ? judge_owner(payload.holder(), here, seen) : judge_by_clock(payload, here, seen);
}

std::string describe(const LockPayload& payload) {
    return "process " + std::to_string(payload.pid) + " on " + payload.hostname + ", since " +
           payload.started_at;
}

}  // namespace reeve

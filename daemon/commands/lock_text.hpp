// What a lock file says, for `reeve lock` and `reeve force-unlock`.
#pragma once

#include "reeve/model/lock_payload.hpp"

#include <string>

namespace reeve {

// "process 4242 on box, since 2026-11-21T02:04:00.123Z"
inline std::string describe_holder(const LockPayload& payload) {
    return "process " + std::to_string(payload.pid) + " on " + payload.hostname + ", since " +
           payload.started_at;
}

}  // namespace reeve

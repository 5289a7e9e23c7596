// What a supervisor tells the next one about its sessions, as sessions.json in the store holds it: who was
// stopped by hand, and how much of each restart budget is spent.
//
// Times stand there twice. Within one boot the steady clock counts, which nobody can set; after a reboot only
// the wall clock is left, and whatever it says, an age is never negative and a time never in the future.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/model/restart.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace reeve {

struct SessionMemory {
    bool stopped_by_hand = false;
    RestartBudget::State budget;
    bool operator==(const SessionMemory&) const = default;
};

using SessionMemories = std::map<SessionName, SessionMemory>;

// The moment at which a file is written or read.
struct Moment {
    std::string boot_id;
    std::chrono::steady_clock::time_point steady;
    std::chrono::system_clock::time_point wall;
};

// Sessions with nothing to tell are left out; of a long budget the newest thousand restarts are kept.
std::string to_json(const SessionMemories& memories, const Moment& now);
// Errc::invalid_data: not such a file. What makes no sense in one is left out.
Result<SessionMemories> session_memories_from_json(std::string_view text, const Moment& now);

}  // namespace reeve

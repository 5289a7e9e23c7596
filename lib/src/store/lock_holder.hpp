// Whether the process that a lock file names still is what it says.
#pragma once

#include "reeve/model/lock_payload.hpp"

namespace reeve {

// Payloads of ours carry the kernel's start time and are judged by it. Those of other programs have a pid and
// the time of their writing: there a process counts as the holder if it lives and started before that.
//
//   alive    it lives
//   dead     it is certainly gone, from this machine
//   foreign  the file comes from another machine or pid namespace
//   unknown  cannot be told; to be treated as alive
OwnerState judge_holder(const LockPayload& payload, const Host& here);

// "process 4242 on box, since 2026-11-21T02:04:00.123Z"
std::string describe(const LockPayload& payload);

}  // namespace reeve

// A file of the instance tracker that Reeve follows: {"instance_id", "pid", "started_at", "python_processes":
// {"NAME": PID}}. It knows pids and no start times, so what it names is only believed as far as the clock
// bears it out.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/model/process_identity.hpp"

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace reeve {

struct ForeignRecord {
    InstanceId instance_id;
    pid_t pid = -1;
    std::map<std::string, pid_t> processes;
    bool operator==(const ForeignRecord&) const = default;
};

// Errc::invalid_data with the first thing that is wrong. Pids must be > 1 (the owner's: > 0), the id a UUID.
Result<ForeignRecord> foreign_record_from_json(std::string_view text);

// Whether the process at a recorded pid is the recorded one. `started`, `written` and `now` are seconds since
// 1970 on the wall clock: when it started (nothing: not to be told), when the file was last written, and now.
//
//   alive    it started well before the file was written: its number has not been given away since
//   dead     there is no such process, or only its zombie
//   unknown  it started later, so the number may have been given away; or the file is of the future, so the
//            clock was set back and tells nothing. Nobody is killed for that
OwnerState judge_by_clock(ProcessSeen::State seen, std::optional<double> started, double written, double now);

}  // namespace reeve

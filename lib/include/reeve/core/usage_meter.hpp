// What sessions use: memory and CPU time of every process in their trees, added up.
//
// Measured when somebody looks, beside the loop, and never for more than a tenth of a processor: figures that
// were expensive to get are given out again for a while. Thread rule: the loop's thread.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/worker.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/os/process_usage.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

// Where a running session's processes are found: in its control group; else by descent from its leader and by
// the leader's session id. Of a container: in the control group of its first process, or by descent from
// that.
struct UsageTarget {
    SessionName name;
    pid_t leader = -1;
    std::string cgroup;
    std::string container_id;  // empty: a process session
};

// Those that could be measured. Reads /proc; any thread.
std::map<SessionName, ProcessUsage> measure_usage(const std::vector<UsageTarget>& targets);

class UsageMeter {
  public:
    UsageMeter() = default;
    ~UsageMeter() { worker_.join(); }
    UsageMeter(const UsageMeter&) = delete;
    UsageMeter& operator=(const UsageMeter&) = delete;

    // Completes when the figures are fresh, or as fresh as they may be. `targets`: all that runs now.
    Task<void> refresh(std::vector<UsageTarget> targets);
    // Nothing when this life of it was not measured.
    std::optional<ProcessUsage> of(const SessionName& name, pid_t leader) const;

  private:
    struct Figure {
        SessionName name;
        pid_t leader = -1;
        ProcessUsage usage;
    };
    using Clock = std::chrono::steady_clock;
    Worker worker_;
    Notifier done_;
    std::vector<Figure> figures_;  // sorted by name
    Clock::time_point next_ = Clock::time_point::min();
    bool busy_ = false;
};

}  // namespace reeve

// When a session's probes look, and what follows: it is ready, or its life must end.
//
//   begin ─▶ look for readiness, again and again ──▶ ready ──▶ look at liveness, for as long as it lives
//                  │ not by the timeout                            │ so many failures in a row
//                  └──────────────▶ verdict ◀──────────────────────┘
//
// Thread rule: the loop's thread. ended() must have been awaited after the last begin() before destruction.
#pragma once

#include "reeve/base/task_group.hpp"
#include "reeve/core/probe.hpp"
#include "reeve/model/config.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace reeve {

class Health {
  public:
    // `changed` is called when ready() or verdict() has changed.
    Health(Executor executor, std::function<void()> changed);

    struct Probes {
        std::unique_ptr<Probe> ready, live;  // none: nothing to look at
        std::optional<std::string> problem;  // why one could not be made: the verdict, then
    };
    // A life has begun. `ready_before`: it goes on, and was seen ready.
    void begin(const Seldom<ReadyConfig>& ready, const Seldom<LiveConfig>& live, Probes probes,
               bool ready_before = false);
    // The life is over, or is to be: no probe looks any more. Does not wait for those that are looking.
    void end();
    // Completes when none is.
    Task<void> ended();

    bool ready() const { return ready_; }
    // Why the life must end, for people. Stays until it is taken, when the life is over: the next must not
    // find it.
    const std::optional<std::string>& verdict() const { return verdict_; }
    std::optional<std::string> take_verdict() { return std::exchange(verdict_, std::nullopt); }

  private:
    Task<void> watch();
    Task<Status> wait_until_ready();
    Task<Status> watch_liveness();
    Task<void> pause(std::chrono::milliseconds time);
    void judge(std::string verdict);

    std::function<void()> changed_;
    Notifier wake_;
    TaskGroup tasks_;
    ReadyConfig ready_config_;
    LiveConfig live_config_;
    Probes probes_;
    bool ready_ = false, ending_ = true;
    std::optional<std::string> verdict_;
};

}  // namespace reeve

// One reading of the process table for all who ask in the same turn of the loop: a hundred sessions that stop
// together would otherwise read all of it a hundred times. Thread rule: the loop's.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/core/process_finder.hpp"

#include <memory>
#include <vector>

namespace reeve {

class ProcessScans {
  public:
    ProcessScans(Executor executor, Host here);
    // As find_processes() for this one leader.
    Task<Result<std::vector<ProvenProcess>>> find(RecordedLeader leader);

  private:
    struct Batch;
    Executor executor_;
    Host here_;
    std::shared_ptr<Batch> next_;  // takes more leaders; null: none waits
};

}  // namespace reeve

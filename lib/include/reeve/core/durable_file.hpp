// One file that always holds the latest state: many changes cost few writes (group commit).
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/worker.hpp"
#include "reeve/core/notifier.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace reeve {

// Thread rule: the loop's thread. `render` runs there too, when a write begins; `write` runs on the worker.
class DurableFile {
  public:
    DurableFile(Worker& worker, std::function<std::string()> render,
                std::function<Status(const std::string&)> write)
        : worker_(worker), render_(std::move(render)), write_(std::move(write)) {}

    // Completes when a write that began after this call has ended: everything changed before the call is on
    // disk then. Callers that come while a write is under way share the next one.
    Task<Status> commit();
    std::uint64_t writes() const { return writes_; }
    // Everything that was asked for is on disk, or has failed to get there.
    bool settled() const { return covered_ == asked_; }

  private:
    Worker& worker_;
    std::function<std::string()> render_;
    std::function<Status(const std::string&)> write_;
    Notifier changed_;
    std::uint64_t asked_ = 0, covered_ = 0, writes_ = 0;
    bool busy_ = false;
    Status last_ = done;
};

}  // namespace reeve

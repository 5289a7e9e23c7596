// Watches every live owner in the registry, and says when one has died: by the kernel's word, not by a timer.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/worker.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/model/process_identity.hpp"
#include "reeve/os/process_handle.hpp"
#include "reeve/store/instance_registry.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace reeve {

class InstanceWatch {
  public:
    struct Counts {
        int alive = 0, foreign = 0;
    };
    // `on_death` is called on the loop's thread when an owner has ended, or when a file of a dead one has
    // appeared. `on_change` is called when the counts may have changed.
    InstanceWatch(Executor executor, StorePaths paths, Host here, InstanceId self, Worker& worker,
                  std::function<void()> on_death, std::function<void()> on_change);

    // Follows the directory until close().
    Task<Status> keep();
    void close();
    const Counts& counts() const { return counts_; }

  private:
    struct Owner {
        ProcessHandle handle;
        asio::posix::stream_descriptor ended;
    };
    struct Listing {
        std::set<InstanceId> present;
        std::vector<InstanceRecord> unknown;
    };
    Task<Status> look();
    Result<Listing> list_except(const std::set<InstanceId>& known) const;  // on the worker
    void hold(const InstanceRecord& record);

    Executor executor_;
    StorePaths paths_;
    Host here_;
    InstanceId self_;
    Worker& worker_;
    InstanceRegistry registry_;
    std::function<void()> on_death_, on_change_;
    std::map<InstanceId, std::unique_ptr<Owner>> owners_;
    std::optional<asio::posix::stream_descriptor> changes_;
    Counts counts_;
    bool closing_ = false;
};

}  // namespace reeve

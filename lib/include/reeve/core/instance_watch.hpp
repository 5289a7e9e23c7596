// Watches every live owner in the registry, and says when one has died: by the kernel's word, not by a timer.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/worker.hpp"
#include "reeve/core/engine_address.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/model/process_identity.hpp"
#include "reeve/os/process_handle.hpp"
#include "reeve/store/instance_registry.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <filesystem>
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
    // appeared. `on_change` is called when the counts or engines() may have changed.
    InstanceWatch(Executor executor, StorePaths paths, Host here, InstanceId self, Worker& worker,
                  std::function<void()> on_death, std::function<void()> on_change);

    // Follows the directory until close().
    Task<Status> keep();
    void close();
    const Counts& counts() const { return counts_; }
    // Every engine that a record of another instance has named since the start.
    const std::set<EngineAddress>& engines() const { return engines_; }
    // Whether its owner is under watch, and so lives.
    bool holds(const InstanceId& id) const { return owners_.contains(id); }

  private:
    struct Owner {
        ProcessHandle handle;
        asio::posix::stream_descriptor ended;
    };
    // When a file was last replaced: what it names may have changed since then, its owner never.
    using Stamps = std::map<InstanceId, std::filesystem::file_time_type>;
    struct Listing {
        Stamps present;
        std::vector<InstanceRecord> fresh;  // new, or replaced since the last look
    };
    Task<Status> look();
    Result<Listing> list_since(const Stamps& known) const;  // on the worker
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
    Stamps stamps_;
    std::set<EngineAddress> engines_;
    Counts counts_;
    bool closing_ = false;
};

}  // namespace reeve

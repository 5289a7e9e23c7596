// A reaper for a command: with a loop, a worker and engines of its own.
#pragma once

#include "options.hpp"
#include "reeve/base/result.hpp"
#include "reeve/core/reaper.hpp"
#include "reeve/store/store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace reeve {

class OfflineReaper {
  public:
    static Result<std::unique_ptr<OfflineReaper>> make(const Options& options, const InstanceId& finish = {});
    Reaper& reaper() { return *reaper_; }
    ContainerEngine& engine() { return *engine_; }
    const Store& store() const { return store_; }

    template <class T>
    T run(Task<T> task) {
        T result;
        asio::co_spawn(loop_, std::move(task), [&](const std::exception_ptr& bug, T value) {
            if (bug) std::rethrow_exception(bug);
            result = std::move(value);
        });
        loop_.restart();
        loop_.run();
        return result;
    }

  private:
    explicit OfflineReaper(Store store) : store_(std::move(store)) {}
    Store store_;
    asio::io_context loop_{1};
    Worker worker_;
    EventLog log_ = EventLog::nowhere();
    std::unique_ptr<ContainerEngine> engine_;
    std::unique_ptr<Reaper> reaper_;
};

}  // namespace reeve

// One container engine as the supervisor sees it: whether it can be reached, and what happens in it.
//
// Container events come from one stream for all sessions. When the stream ends, the engine is asked again
// with growing pauses, and everybody who watches a container is woken to look for themselves: events may have
// been missed. Whoever looks for what nobody watches is told as well, once the stream listens again.
//
// One that nobody needs asks its engine nothing by itself, and keeps no client of it running.
#pragma once

#include "reeve/core/event_log.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/engine/container_engine.hpp"
#include "reeve/model/status_snapshot.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace reeve {

class EngineService {
  public:
    EngineService(std::unique_ptr<ContainerEngine> engine, StoreId store, EventLog& log,
                  std::function<void()> status_changed);

    ContainerEngine& engine() { return *engine_; }
    const EngineStatus& status() const { return status_; }
    const std::string& engine_id() const { return engine_id_; }

    // Asks the engine who it is, and notes the answer.
    Task<Status> probe();
    // A call has shown that the engine is there, or is not.
    void note(const Status& outcome);

    // Follows the event stream until close(). Does nothing before somebody needs it (need_events).
    Task<void> keep();
    void close();
    void need_events();

    // Calls go to `engine` from now on, and the stream begins anew. Calls under way end with the old one.
    void replace(std::unique_ptr<ContainerEngine> engine);

    // Called on the loop's thread when something happened to this container, or when events may have been
    // missed.
    using OnChange = std::function<void()>;
    void watch(const ContainerId& id, OnChange on_change) { watchers_[id] = std::move(on_change); }
    void unwatch(const ContainerId& id) { watchers_.erase(id); }
    // Called for a container that carries our store's label but that nobody watches.
    void on_stranger(std::function<void(const EngineEvent&)> f) { on_stranger_ = std::move(f); }
    // Called when the stream has begun: who lists now misses nothing, neither of before nor of after.
    void on_listening(std::function<void()> f) { on_listening_ = std::move(f); }

  private:
    void set_reachable(bool reachable, std::string why);
    Task<void> listen();
    void tell_watchers();

    std::unique_ptr<ContainerEngine> engine_;
    std::vector<std::unique_ptr<ContainerEngine>> replaced_;  // somebody may still wait for a call to one
    StoreId store_;
    EventLog& log_;
    std::function<void()> status_changed_;
    std::function<void(const EngineEvent&)> on_stranger_;
    std::function<void()> on_listening_;
    Notifier changed_;
    EngineStatus status_;
    std::string engine_id_;
    std::map<ContainerId, OnChange> watchers_;
    asio::cancellation_signal stop_stream_;
    bool closing_ = false, needed_ = false, replaced_now_ = false;
};

}  // namespace reeve

// What happens, told to whoever listens: one line for each event, and a queue with a limit for each listener.
//
// A listener that does not keep up loses events and is told how many; it holds up nobody, and costs no more
// memory than its queue. Thread rule: the loop's thread.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/core/notifier.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace reeve {

// Shared by all queues that hold it.
using EventLine = std::shared_ptr<const std::string>;

struct EventLimits {
    std::size_t lines = 1000;
    std::size_t bytes = 1024 * 1024;
};

// One listener's queue.
class EventStream {
  public:
    explicit EventStream(EventLimits limits) : limits_(limits) {}

    void push(const EventLine& line);
    // The next line, without its newline. After a loss: what is queued, then {"event":"dropped","count":N},
    // then what came later. Null once end() was called.
    Task<EventLine> next();
    void end();

  private:
    EventLimits limits_;
    Notifier arrived_;
    std::deque<EventLine> queue_;
    std::size_t bytes_ = 0;
    std::uint64_t dropped_ = 0;
    bool ended_ = false;
};

class EventHub {
  public:
    explicit EventHub(EventLimits limits = {}) : limits_(limits) {}

    // It hears everything that is published from now on, until it is destroyed.
    std::shared_ptr<EventStream> subscribe();
    // Called for each new listener.
    void on_subscribe(std::function<void()> call) { on_subscribe_ = std::move(call); }
    // Whether anybody would hear; spares the making of events.
    bool has_listeners();
    // `event` is a JSON object on one line.
    void publish(std::string event);

  private:
    EventLimits limits_;
    std::function<void()> on_subscribe_;
    std::vector<std::weak_ptr<EventStream>> streams_;
};

}  // namespace reeve

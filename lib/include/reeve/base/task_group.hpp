// Background coroutines with one owner: spawn, cancel, join. The only place that may detach work.
//
// Thread rule: everything runs on the group's executor. The group must outlive its tasks: await join() first.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <functional>
#include <list>

namespace reeve {

class TaskGroup {
  public:
    // `on_bug` is called with what() of an exception that left a task: a bug, which must not pass silently
    // and must not cross a callback of the event loop either.
    TaskGroup(Executor executor, std::function<void(std::string)> on_bug);
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    void spawn(Task<void> task);
    // Asks every running task to stop: their pending operations complete with operation_aborted.
    void cancel();
    // Completes when no task is left.
    Task<void> join();
    std::size_t size() const { return running_.size(); }

  private:
    struct Slot {
        asio::cancellation_signal signal;
    };
    Executor executor_;
    std::function<void(std::string)> on_bug_;
    std::list<Slot> running_;
    asio::steady_timer empty_;
};

}  // namespace reeve

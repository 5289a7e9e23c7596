#include "reeve/base/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace reeve {

TaskGroup::TaskGroup(Executor executor, std::function<void(std::string)> on_bug)
    : executor_(executor),
      on_bug_(std::move(on_bug)),
      empty_(executor, asio::steady_timer::time_point::max()) {}

void TaskGroup::spawn(Task<void> task) {
    const auto slot = running_.emplace(running_.end());
    auto finished = [this, slot](const std::exception_ptr& failure) {
        running_.erase(slot);
        if (running_.empty()) empty_.cancel();
        if (!failure) return;
        try {
            std::rethrow_exception(failure);
        } catch (const std::exception& e) {
            on_bug_(e.what());
        } catch (...) {
            on_bug_("an exception that is no std::exception");
        }
    };
    asio::co_spawn(executor_, std::move(task), asio::bind_cancellation_slot(slot->signal.slot(), finished));
}

void TaskGroup::cancel() {
    // A task may finish, and so leave the list, while it is being asked: step on before the call.
    for (auto it = running_.begin(); it != running_.end();) {
        Slot& slot = *it++;
        slot.signal.emit(asio::cancellation_type::terminal);
    }
}

Task<void> TaskGroup::join() {
    while (!running_.empty()) {
        const auto [ec] = co_await empty_.async_wait(as_result);
        (void)ec;
    }
}

}  // namespace reeve

// Wakes whoever waits for "something has changed". One thread; a notification without a waiter is not kept,
// so waiters look at the state first and wait only while it is not what they want.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace reeve {

class Notifier {
  public:
    explicit Notifier(const Executor& executor) : timer_(executor, Clock::time_point::max()) {}

    void notify() { timer_.cancel(); }
    // Returns after a notification, or when the task was cancelled.
    Task<void> wait() {
        const auto [ec] = co_await timer_.async_wait(as_result);
        (void)ec;
    }
    // At the deadline, too. A function of its own, for what waits without one keeps no room for a deadline.
    using Clock = std::chrono::steady_clock;
    Task<void> wait(Clock::time_point until) {
        // A timer of its own, or one waiter's deadline would move those of the others.
        asio::steady_timer deadline(timer_.get_executor(), until);
        deadline.async_wait([this](const boost::system::error_code& ec) {
            if (!ec) timer_.cancel();
        });
        const auto [ec] = co_await timer_.async_wait(as_result);
        (void)ec;
    }

  private:
    asio::steady_timer timer_;
};

}  // namespace reeve

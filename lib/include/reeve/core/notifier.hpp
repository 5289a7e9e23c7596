// Wakes whoever waits for "something has changed". One thread; a notification without a waiter is not kept,
// so waiters look at the state first and wait only while it is not what they want.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <memory>

namespace reeve {

class Notifier {
  public:
    using Clock = std::chrono::steady_clock;

    Notifier() = default;
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    void notify() {
        if (const auto timer = timer_.lock()) timer->cancel();
    }
    // Returns after a notification, or when the task was cancelled.
    Task<void> wait() {
        const Executor executor = co_await asio::this_coro::executor;
        const std::shared_ptr<asio::steady_timer> timer = waited_on(executor);
        const auto [ec] = co_await timer->async_wait(as_result);
        (void)ec;
    }
    // At the deadline, too. A function of its own, for what waits without one keeps no room for a deadline.
    Task<void> wait(Clock::time_point until) {
        const Executor executor = co_await asio::this_coro::executor;
        const std::shared_ptr<asio::steady_timer> timer = waited_on(executor);
        // A timer of its own, or one waiter's deadline would move those of the others.
        asio::steady_timer deadline(executor, until);
        deadline.async_wait([timer](const boost::system::error_code& ec) {
            if (!ec) timer->cancel();
        });
        const auto [ec] = co_await timer->async_wait(as_result);
        (void)ec;
    }

  private:
    // One for all who wait at a time, and none while nobody does: most of a thousand are never waited on.
    std::shared_ptr<asio::steady_timer> waited_on(const Executor& executor) {
        auto timer = timer_.lock();
        if (!timer) timer_ = timer = std::make_shared<asio::steady_timer>(executor, Clock::time_point::max());
        return timer;
    }
    std::weak_ptr<asio::steady_timer> timer_;
};

}  // namespace reeve

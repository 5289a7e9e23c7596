#include "reeve/core/exit_waiter.hpp"

#include "reeve/core/ready_watch.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <list>

namespace reeve {

Task<void> wait_for_exits(std::vector<int> exit_fds, Notifier& wake,
                          std::chrono::steady_clock::time_point deadline) {
    const Executor executor = co_await asio::this_coro::executor;
    std::size_t left = exit_fds.size();
    std::list<ReadyWatch> watches;
    for (const int fd : exit_fds) {
        const ReadyWatch& watch = watches.emplace_back(executor, fd, [&left, &wake] {
            if (--left == 0) wake.notify();
        });
        // Out of watches: whoever asked looks again soon.
        if (watch.failed())
            deadline = std::min(deadline, std::chrono::steady_clock::now() + next_look_without_watch);
    }
    if (!exit_fds.empty()) co_await wake.wait(deadline);
}

Task<void> wait_for_exit(int exit_fd, std::chrono::steady_clock::time_point deadline) {
    Notifier wake;
    std::vector<int> fds{exit_fd};
    co_await wait_for_exits(std::move(fds), wake, deadline);
}

}  // namespace reeve

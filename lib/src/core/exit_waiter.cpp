#include "reeve/core/exit_waiter.hpp"

#include "reeve/core/ready_watch.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <list>
#include <memory>

namespace reeve {
namespace {

// Where the system cannot tell.
constexpr std::chrono::milliseconds next_look{100};

// What the watches know of whoever waits; a call that was due already may come when nobody does any more.
struct Waiting {
    std::size_t left = 0;
    Notifier* wake = nullptr;

    void one_is_ready() {
        if (--left == 0 && wake != nullptr) wake->notify();
    }
};

}  // namespace

Task<void> wait_for_exits(std::vector<int> exit_fds, Notifier& wake,
                          std::chrono::steady_clock::time_point deadline) {
    const Executor executor = co_await asio::this_coro::executor;
    const auto waiting = std::make_shared<Waiting>(Waiting{exit_fds.size(), &wake});
    std::list<ReadyWatch> watches;
    for (const int fd : exit_fds) {
        const ReadyWatch& watch = watches.emplace_back(executor, fd, [waiting] { waiting->one_is_ready(); });
        // Out of watches: whoever asked looks again soon.
        if (watch.failed()) deadline = std::min(deadline, std::chrono::steady_clock::now() + next_look);
    }
    if (!exit_fds.empty()) co_await wake.wait(deadline);
    waiting->wake = nullptr;
}

Task<void> wait_for_exit(int exit_fd, std::chrono::steady_clock::time_point deadline) {
    Notifier wake;
    std::vector<int> fds{exit_fd};
    co_await wait_for_exits(std::move(fds), wake, deadline);
}

}  // namespace reeve

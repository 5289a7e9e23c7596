#include "reeve/core/exit_waiter.hpp"

#include "reeve/base/unique_fd.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>

#include <fcntl.h>

#include <algorithm>
#include <list>
#include <memory>

namespace reeve {
namespace {

// Where the system cannot tell.
constexpr std::chrono::milliseconds next_look{100};

struct Waiting {
    std::list<asio::posix::stream_descriptor> watches;
    std::size_t left = 0;
};

}  // namespace

Task<void> wait_for_exits(std::vector<int> exit_fds, Notifier& wake,
                          std::chrono::steady_clock::time_point deadline) {
    const Executor executor = co_await asio::this_coro::executor;
    const auto waiting = std::make_shared<Waiting>();
    for (const int fd : exit_fds) {
        // A duplicate, because a stream_descriptor closes what it is given, and the handle keeps its own.
        UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
        auto& watch = waiting->watches.emplace_back(executor);
        boost::system::error_code refused;
        if (copy) watch.assign(copy.get(), refused);
        ++waiting->left;
        if (!copy || refused) {  // out of descriptors, or of watches: whoever asked looks again soon
            deadline = std::min(deadline, std::chrono::steady_clock::now() + next_look);
            continue;
        }
        (void)copy.release();
        watch.async_wait(asio::posix::stream_descriptor::wait_read,
                         [waiting, &wake](const boost::system::error_code& ec) {
                             if (ec) return;
                             if (--waiting->left == 0) wake.notify();
                         });
    }
    if (waiting->left > 0) co_await wake.wait(deadline);
    waiting->watches.clear();
}

}  // namespace reeve

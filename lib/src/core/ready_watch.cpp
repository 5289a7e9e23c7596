#include "reeve/core/ready_watch.hpp"

namespace reeve {

ReadyWatch::ReadyWatch(const Executor& executor, int fd, std::function<void()> ready)
    : descriptor_(*executor.target<asio::io_context::executor_type>(), fd) {
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                           [ready = std::move(ready)](const boost::system::error_code& ec) {
                               if (!ec) ready();
                           });
}

// Its owner closes it.
ReadyWatch::~ReadyWatch() { descriptor_.release(); }

}  // namespace reeve

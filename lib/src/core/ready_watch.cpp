#include "reeve/core/ready_watch.hpp"

namespace reeve {

ReadyWatch::ReadyWatch(const Executor& executor, int fd, std::function<void()> ready)
    : descriptor_(*executor.target<asio::io_context::executor_type>()) {
    boost::system::error_code refused;
    descriptor_.assign(fd, refused);
    failed_ = refused;
    if (failed_) return;
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                           [ready = std::move(ready)](const boost::system::error_code& ec) {
                               if (!ec) ready();
                           });
}

// Its owner closes it.
ReadyWatch::~ReadyWatch() {
    if (descriptor_.is_open()) descriptor_.release();
}

}  // namespace reeve

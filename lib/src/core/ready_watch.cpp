#include "reeve/core/ready_watch.hpp"

#include <stdexcept>

namespace reeve {
namespace {

asio::io_context::executor_type loop_of(const Executor& executor) {
    const auto* const loop = executor.target<asio::io_context::executor_type>();
    if (loop == nullptr) throw std::invalid_argument("the executor is not that of an io_context");
    return *loop;
}

}  // namespace

ReadyWatch::ReadyWatch(const Executor& executor, int fd, std::function<void()> ready)
    : descriptor_(loop_of(executor)) {
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

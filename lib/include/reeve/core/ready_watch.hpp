// Tells once when a descriptor is readable, or its other end is gone. For what may take days: it takes no
// coroutine, and no duplicate of the descriptor.
//
// Thread rule: the loop's thread. The descriptor stays its owner's and must outlive the watch.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <functional>
#include <system_error>

namespace reeve {

class ReadyWatch {
  public:
    // `executor` must be that of an io_context, and `fd` no file. `ready` is called by the loop, never from
    // here. After destruction no call comes but one that was due already, and that before all that is posted
    // from then on.
    ReadyWatch(const Executor& executor, int fd, std::function<void()> ready);
    ReadyWatch(const ReadyWatch&) = delete;
    ReadyWatch& operator=(const ReadyWatch&) = delete;
    ~ReadyWatch();

    // Why the system does not watch it (epoll(7): max_user_watches): then `ready` is never called.
    const std::error_code& failed() const { return failed_; }

  private:
    // The loop's own type of executor: the one that erases types takes 56 bytes, here and in the wait.
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> descriptor_;
    std::error_code failed_;
};

}  // namespace reeve

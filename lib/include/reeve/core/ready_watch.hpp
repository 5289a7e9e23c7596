// Tells when a descriptor is readable, or its other end is gone. It takes no coroutine, no duplicate of the
// descriptor, and little memory, for it may stand for days
// (docs/decisions/0058-one-epoll-for-all-watches.md).
//
// Thread rule: the thread that runs the loop. The descriptor stays its owner's and must outlive the watch,
// and the loop must, too.
#pragma once

#include "reeve/base/task.hpp"

#include <chrono>
#include <functional>
#include <system_error>

namespace reeve {

// How long until whoever got no watch looks.
inline constexpr std::chrono::milliseconds next_look_without_watch{100};

class ReadyWatch {
  public:
    enum class Tells {
        once,
        as_long_as_it_is  // again and again, until `ready` has read it empty or ended the watch
    };
    // `executor` must be that of an io_context, and `fd` no file; it has one watch at a time. `ready` is
    // called by the loop, never from here, and may end the watch, or another one: after its end none is
    // called any more. The loop has work for as long as a watch may still tell.
    ReadyWatch(const Executor& executor, int fd, std::function<void()> ready, Tells tells = Tells::once);
    ReadyWatch(const ReadyWatch&) = delete;
    ReadyWatch& operator=(const ReadyWatch&) = delete;
    ~ReadyWatch();

    // Why the system does not watch it (epoll(7): max_user_watches): then `ready` is never called, and
    // whoever made it looks by himself.
    std::error_code failed() const { return {refused_, std::generic_category()}; }

  private:
    class Loop;

    Loop& loop_;
    std::function<void()> ready_;
    int fd_;
    int refused_ = 0;  // an errno
    Tells tells_;
    bool armed_ = false;  // it may still tell
};

}  // namespace reeve

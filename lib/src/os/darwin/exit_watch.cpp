#include "reeve/os/exit_watch.hpp"

#include <fcntl.h>
#include <sys/event.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>

namespace reeve {

Result<UniqueFd> open_exit_watch(pid_t child) {
    const std::string doing = "watching for the end of child " + std::to_string(child);
    UniqueFd watch(::kqueue());
    if (!watch) return Error::from_errno(doing);
    // A kqueue is not inherited by fork(2), but execve(2) without a fork would keep it.
    if (::fcntl(watch.get(), F_SETFD, FD_CLOEXEC) != 0) return Error::from_errno(doing);

    struct kevent change;
    EV_SET(&change, static_cast<uintptr_t>(child), EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
    if (::kevent(watch.get(), &change, 1, nullptr, 0, nullptr) == 0) return watch;
    if (errno != ESRCH) return Error::from_errno(doing);

    // A zombie cannot be watched. The child has ended, so the descriptor must be readable from the start.
    EV_SET(&change, 1, EVFILT_USER, EV_ADD, 0, 0, nullptr);
    if (::kevent(watch.get(), &change, 1, nullptr, 0, nullptr) != 0) return Error::from_errno(doing);
    EV_SET(&change, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0, nullptr);
    if (::kevent(watch.get(), &change, 1, nullptr, 0, nullptr) != 0) return Error::from_errno(doing);
    return watch;
}

}  // namespace reeve

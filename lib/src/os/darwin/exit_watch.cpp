#include "reeve/os/exit_watch.hpp"

#include "relay.hpp"

#include <sys/event.h>
#include <sys/time.h>

#include <cerrno>

namespace reeve {

Result<UniqueFd> open_exit_watch(pid_t process) {
    TRY(UniqueFd queue, darwin::make_kqueue());
    struct kevent change {};
    EV_SET(&change, static_cast<uintptr_t>(process), EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
    if (::kevent(queue.get(), &change, 1, nullptr, 0, nullptr) == 0) {
        const auto once = [](int) { return darwin::Coming::nothing; };
        return darwin::relay(std::move(queue), once);
    }
    // The kernel finds no process that is ending or is a zombie.
    if (errno == ESRCH) return darwin::readable_at_once();
    return Error::from_errno("watching for the end of process " + std::to_string(process));
}

}  // namespace reeve

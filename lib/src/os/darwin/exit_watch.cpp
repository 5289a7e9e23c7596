#include "reeve/os/exit_watch.hpp"

#include "relay.hpp"

#include <sys/event.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <cerrno>

namespace reeve {
namespace {

// NOTE_EXIT comes a moment before the process becomes the zombie that waitid(2) finds. For a child of ours
// the rest of the way, on which the kernel waits for nobody, is waited for here; others are no children.
void wait_for_zombie(pid_t process) {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
}

}  // namespace

Result<UniqueFd> open_exit_watch(pid_t process) {
    TRY(UniqueFd queue, darwin::make_kqueue());
    struct kevent change {};
    EV_SET(&change, static_cast<uintptr_t>(process), EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, nullptr);
    if (::kevent(queue.get(), &change, 1, nullptr, 0, nullptr) == 0) {
        return darwin::relay(std::move(queue), [process](int) {
            wait_for_zombie(process);
            return darwin::Coming::nothing;
        });
    }
    // The kernel finds no process that is ending or is a zombie.
    if (errno == ESRCH) return darwin::readable_at_once();
    return Error::from_errno("watching for the end of process " + std::to_string(process));
}

}  // namespace reeve

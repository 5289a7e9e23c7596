#include "../fork_child.hpp"

#include "reeve/os/exit_watch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace reeve {

Result<ForkedChild> fork_child(int cgroup) {
    if (cgroup >= 0) return Error(Errc::refused, "forking", "this system has no control groups");
    // There is no fork without atfork handlers; those of libSystem itself are async-signal-safe, and we have
    // none.
    const pid_t child = ::fork();
    if (child == 0) return ForkedChild{0, UniqueFd()};
    if (child < 0) return Error::from_errno("forking");
    auto watch = open_exit_watch(child);
    if (!watch.ok()) {
        ::kill(child, SIGKILL);  // ours and not reaped: the number cannot be somebody else's
        ::waitpid(child, nullptr, 0);
        return watch.error();
    }
    return ForkedChild{child, std::move(*watch)};
}

bool adopt_orphans() { return false; }

bool orphans_can_be_adopted() { return false; }

pid_t fork_again() { return ::fork(); }

}  // namespace reeve

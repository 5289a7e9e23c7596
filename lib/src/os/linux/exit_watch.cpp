#include "reeve/os/exit_watch.hpp"

#include <sys/syscall.h>
#include <unistd.h>

namespace reeve {

Result<UniqueFd> open_exit_watch(pid_t child) {
    // The system call by number: glibc has had a wrapper only since 2.36. Close-on-exec is always set.
    UniqueFd watch(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    if (!watch)
        return Error::from_errno("watching for the end of child " + std::to_string(child),
                                 "Linux 5.3 or later is needed, and pidfd_open must not be filtered");
    return watch;
}

}  // namespace reeve

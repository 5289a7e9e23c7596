#include "reeve/os/end_with_parent.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

namespace reeve {

void end_with_parent(pid_t parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (::getppid() != parent) ::_exit(127);  // it ended before the kernel was asked
}

}  // namespace reeve

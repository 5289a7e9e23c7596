#include "reeve/os/descriptors.hpp"

#include "os/posix/descriptors.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace reeve {

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return Error::from_errno("making a pipe");
    Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
    TRY(pipe.read, above_standard_streams(std::move(pipe.read)));
    TRY(pipe.write, above_standard_streams(std::move(pipe.write)));
    return pipe;
}

void close_on_exec_from(int lowest) noexcept {
    // CLOSE_RANGE_CLOEXEC came with Linux 5.11 (close_range(2)); before, the call fails and the loop does it.
    const auto first = static_cast<unsigned>(lowest);
    if (::syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
    // The limit may be a thousand million; a process of ours never has more than a few hundred descriptors.
    const long limit = std::min(::sysconf(_SC_OPEN_MAX), 10'240L);
    for (int fd = lowest; fd < limit; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace reeve

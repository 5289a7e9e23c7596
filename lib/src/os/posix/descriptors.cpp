#include "os/posix/descriptors.hpp"

#include "reeve/os/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace reeve {

Result<UniqueFd> above_standard_streams(UniqueFd fd) {
    if (fd.get() > STDERR_FILENO) return fd;
    UniqueFd higher(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!higher) return Error::from_errno("moving a descriptor above standard error");
    return higher;
}

Result<UniqueFd> open_dev_null() {
    UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) return Error::from_errno("opening /dev/null");
    return above_standard_streams(std::move(null));
}

void close_on_exec_one_by_one(int lowest) noexcept {
    // The limit may be a thousand million; a process of ours never has more than a few hundred descriptors.
    const long limit = std::min(::sysconf(_SC_OPEN_MAX), 10'240L);
    for (int fd = lowest; fd < limit; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
}

}  // namespace reeve

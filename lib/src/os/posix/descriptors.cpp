#include "os/posix/descriptors.hpp"

#include "reeve/os/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

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

}  // namespace reeve

#include "reeve/base/unique_fd.hpp"

#include <unistd.h>

#include <cerrno>

namespace reeve {

void UniqueFd::reset(int fd) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old < 0) return;
    const int kept = errno;
    ::close(old);  // never retried: Linux and macOS free the number even on EINTR
    errno = kept;
}

}  // namespace reeve

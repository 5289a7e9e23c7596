#include "../flush.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace reeve {

// fsync(2) of macOS leaves the data in the drive's own cache; F_FULLFSYNC empties that too. File systems that
// do not know it (network mounts) still have fsync.
int flush_to_disk(int fd) {
    if (::fcntl(fd, F_FULLFSYNC) == 0) return 0;
    return ::fsync(fd);
}

}  // namespace reeve

#include "open_descriptors.hpp"

#include <libproc.h>
#include <sys/proc_info.h>
#include <unistd.h>

#include <algorithm>

namespace reeve::darwin {
namespace {

constexpr int room = 8192;
proc_fdinfo found[room];

}  // namespace

void each_descriptor_from(int lowest, void (*visit)(int fd)) noexcept {
    const int bytes = ::proc_pidinfo(::getpid(), PROC_PIDLISTFDS, 0, found, sizeof found);
    const int count = bytes > 0 ? bytes / static_cast<int>(sizeof found[0]) : 0;
    if (count > 0 && count < room) {
        for (int i = 0; i < count; ++i) {
            if (found[i].proc_fd >= lowest) visit(found[i].proc_fd);
        }
        return;
    }
    // No answer, or one that was cut: every number up to the limit. The supervisor asks for no more than
    // this.
    const long limit = std::min(::sysconf(_SC_OPEN_MAX), 65'536L);
    for (int fd = lowest; fd < limit; ++fd) visit(fd);
}

}  // namespace reeve::darwin

#include "reeve/os/process_handle.hpp"

#include <poll.h>

namespace reeve {

bool ProcessHandle::ended() const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1 && (waiting.revents & (POLLIN | POLLHUP)) != 0;
}

}  // namespace reeve

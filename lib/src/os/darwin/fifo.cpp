#include "reeve/os/fifo.hpp"

#include <cerrno>

namespace reeve {

ssize_t peek_pipe(int /*pipe*/, const Pipe& /*aside*/, char* /*buffer*/, std::size_t /*room*/) {
    errno = ENOSYS;
    return -1;
}

ssize_t move_to_file(int /*pipe*/, int /*file*/, std::size_t /*length*/) {
    errno = ENOSYS;
    return -1;
}

}  // namespace reeve

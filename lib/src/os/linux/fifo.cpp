#include "reeve/os/fifo.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace reeve {

ssize_t peek_pipe(int pipe, const Pipe& aside, char* buffer, std::size_t room) {
    for (;;) {
        const ssize_t there = ::tee(pipe, aside.write.get(), room, SPLICE_F_NONBLOCK);
        if (there > 0) return ::read(aside.read.get(), buffer, static_cast<std::size_t>(there));
        if (there < 0 && errno != EAGAIN) return -1;
        // tee(2) does not tell an end from a pause in every version.
        pollfd now{pipe, POLLIN, 0};
        if (::poll(&now, 1, 0) < 0) return -1;
        if ((now.revents & POLLIN) != 0) continue;
        if ((now.revents & POLLHUP) != 0) return 0;
        errno = EAGAIN;
        return -1;
    }
}

// The kernel takes out of the pipe what it has written, also when a kill ends it in the middle. It refuses
// files that are opened for appending.
ssize_t move_to_file(int pipe, int file, std::size_t length) {
    const int flags = ::fcntl(file, F_GETFL);
    if (flags < 0 || ::fcntl(file, F_SETFL, flags & ~O_APPEND) != 0) return -1;
    ssize_t moved = -1;
    if (loff_t end = ::lseek(file, 0, SEEK_END); end >= 0)
        moved = ::splice(pipe, nullptr, file, &end, length, SPLICE_F_NONBLOCK);
    const int failed = errno;
    ::fcntl(file, F_SETFL, flags);
    errno = failed;
    return moved;
}

}  // namespace reeve

#include "reeve/os/descriptors.hpp"

#include "open_descriptors.hpp"
#include "os/posix/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace reeve {

Result<Pipe> make_pipe() {
    // macOS has no pipe2: between the two calls a fork in another thread would inherit the ends. Only the
    // thread of events forks, and it is here.
    int ends[2];
    if (::pipe(ends) != 0) return Error::from_errno("making a pipe");
    Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
    for (const int end : ends) {
        if (::fcntl(end, F_SETFD, FD_CLOEXEC) != 0) return Error::from_errno("making a pipe");
    }
    TRY(pipe.read, above_standard_streams(std::move(pipe.read)));
    TRY(pipe.write, above_standard_streams(std::move(pipe.write)));
    return pipe;
}

void close_on_exec_from(int lowest) noexcept {
    darwin::each_descriptor_from(lowest, [](int fd) { ::fcntl(fd, F_SETFD, FD_CLOEXEC); });
}

}  // namespace reeve

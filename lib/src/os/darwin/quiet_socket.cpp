#include "../quiet_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>

namespace reeve {

Result<SocketPair> make_socket_pair() {
    const char* const doing = "making a pair of sockets";
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return Error::from_errno(doing);
    SocketPair pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
    for (const int end : ends) {
        // There is no SOCK_CLOEXEC. A fork of another thread in between would inherit the ends, but every
        // child of ours closes what it was not given before it executes anything.
        const int on = 1;
        if (::fcntl(end, F_SETFD, FD_CLOEXEC) != 0 ||
            ::setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) != 0) {
            return Error::from_errno(doing);
        }
    }
    return pair;
}

ssize_t send_quietly(int socket, const void* bytes, std::size_t length) {
    return ::send(socket, bytes, length, 0);
}

}  // namespace reeve

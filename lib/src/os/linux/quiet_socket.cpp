#include "../quiet_socket.hpp"

#include <sys/socket.h>

namespace reeve {

Result<SocketPair> make_socket_pair() {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return Error::from_errno("making a pair of sockets");
    }
    return SocketPair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

ssize_t send_quietly(int socket, const void* bytes, std::size_t length) {
    return ::send(socket, bytes, length, MSG_NOSIGNAL);
}

}  // namespace reeve

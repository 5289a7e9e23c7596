#include "reeve/os/peer.hpp"

#include <sys/socket.h>

namespace reeve {

Result<uid_t> peer_user(int socket) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
        return Error::from_errno("asking who has connected");
    }
    return credentials.uid;
}

}  // namespace reeve

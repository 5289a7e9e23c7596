#include "reeve/os/peer.hpp"

#include <unistd.h>

namespace reeve {

Result<uid_t> peer_user(int socket) {
    uid_t user = 0;
    gid_t group = 0;
    if (::getpeereid(socket, &user, &group) != 0) return Error::from_errno("asking who has connected");
    return user;
}

}  // namespace reeve

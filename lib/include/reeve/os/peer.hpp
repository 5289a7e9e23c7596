// Who is at the other end of a local socket.
#pragma once

#include "reeve/base/result.hpp"

#include <sys/types.h>

namespace reeve {

// The user that the connected process had when it connected. Linux: SO_PEERCRED, socket(7); macOS:
// getpeereid(3).
Result<uid_t> peer_user(int socket);

}  // namespace reeve

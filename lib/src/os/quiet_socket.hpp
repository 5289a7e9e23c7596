// Two connected sockets on which writing to somebody who is gone is an error and not a signal. SIGPIPE is the
// application's to ignore or not; a library must not depend on it.
//
// Linux says so with every write (MSG_NOSIGNAL, send(2)), macOS once for a socket (SO_NOSIGPIPE,
// setsockopt(2)).
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <sys/types.h>

#include <cstddef>

namespace reeve {

struct SocketPair {
    UniqueFd ours;
    UniqueFd theirs;
};

// Local stream sockets, close-on-exec, blocking.
Result<SocketPair> make_socket_pair();

// send(2) on one of them: EPIPE when the other is closed. Async-signal-safe.
ssize_t send_quietly(int socket, const void* bytes, std::size_t length);

}  // namespace reeve

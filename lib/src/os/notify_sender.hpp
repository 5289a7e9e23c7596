// What differs between systems when a datagram tells who sent it.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <optional>

namespace reeve {

// Asks the kernel to say with each datagram who sent it; false: it failed. True where it cannot.
bool ask_for_senders(int socket);
// The sender, when this control message says it.
std::optional<pid_t> sender_in(cmsghdr& message);

}  // namespace reeve

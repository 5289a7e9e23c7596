#include "../notify_sender.hpp"

#include <cstring>

namespace reeve {

bool ask_for_senders(int socket) {
    const int yes = 1;
    return ::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0;
}

std::optional<pid_t> sender_in(cmsghdr& message) {
    if (message.cmsg_level != SOL_SOCKET || message.cmsg_type != SCM_CREDENTIALS ||
        message.cmsg_len < CMSG_LEN(sizeof(ucred)))
        return std::nullopt;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(&message), sizeof sender);
    return sender.pid > 0 ? std::optional(sender.pid) : std::nullopt;  // 0: from another pid namespace
}

}  // namespace reeve

// The supervisor's end of sd_notify(3): a datagram socket for one life of one session.
//
// It is bound to a path in a directory that only this user can enter, so whoever writes to it is one of this
// user's processes; the kernel says which.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>

namespace reeve {

struct Notification {
    std::string text;  // lines of NAME=value, cut at 4 KiB
    // Who sent it. Linux: SCM_CREDENTIALS, unix(7), which only root can make say something else. macOS has
    // nothing like it for datagrams: nothing there.
    std::optional<pid_t> sender;
};

// Non-blocking and close-on-exec. What is there under that name is replaced; whoever binds removes it again.
// Errc::too_large: the path does not fit into an address.
Result<UniqueFd> bind_notify_socket(const std::filesystem::path& path);

// The next message; nothing when there is none now. Descriptors that come along are closed, at once: that is
// what BARRIER=1 asks for, and messages are taken in their order.
std::optional<Notification> receive_notification(int socket);

}  // namespace reeve

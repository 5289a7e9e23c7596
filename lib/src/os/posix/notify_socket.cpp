#include "reeve/os/notify_socket.hpp"

#include "../notify_sender.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace reeve {
namespace {

constexpr std::size_t longest_text = 4096;
constexpr std::size_t most_descriptors = 16;

void close_all(cmsghdr& message) {
    const std::size_t count = (message.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(&message) + i * sizeof fd, sizeof fd);
        const UniqueFd closed(fd);
    }
}

}  // namespace

Result<UniqueFd> bind_notify_socket(const std::filesystem::path& path) {
    const std::string doing = "listening on " + path.string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& name = path.native();
    if (name.size() >= sizeof address.sun_path)
        return Error(Errc::too_large, doing, "the path is longer than a socket's can be",
                     "choose a store with a shorter path");
    std::copy(name.begin(), name.end(), static_cast<char*>(address.sun_path));
    UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
    if (!socket || ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0 ||
        ::fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0 || !ask_for_senders(socket.get())) {
        return Error::from_errno(doing);
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error::from_errno(doing);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::chmod(path.c_str(), 0600) != 0) {
        return Error::from_errno(doing);
    }
    return socket;
}

std::optional<Notification> receive_notification(int socket) {
    std::array<char, longest_text> text{};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(64) + CMSG_SPACE(sizeof(int) * most_descriptors)> control{};
    iovec part{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    ssize_t size = 0;
    do {
        size = ::recvmsg(socket, &message, 0);
    } while (size < 0 && errno == EINTR);
    if (size < 0) return std::nullopt;
    Notification notification;
    notification.text.assign(text.data(), static_cast<std::size_t>(size));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"  // within musl's CMSG_NXTHDR
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
#pragma GCC diagnostic pop
        if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_RIGHTS)
            close_all(*each);
        else if (const auto sender = sender_in(*each))
            notification.sender = sender;
    }
    return notification;
}

}  // namespace reeve

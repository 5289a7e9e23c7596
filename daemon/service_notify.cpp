#include "service_notify.hpp"

#include "reeve/base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

namespace reeve {

void notify_service_manager(const std::string& text) {
    const char* path = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (path == nullptr || (*path != '/' && *path != '@')) return;
    const std::string name = path;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof address.sun_path) return;
    std::copy(name.begin(), name.end(), static_cast<char*>(address.sun_path));
    if (name.front() == '@') address.sun_path[0] = '\0';  // an abstract socket, unix(7)
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM, 0));
    if (!socket) return;
    ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
    // A manager that does not listen must not hold us up, nor is there anything to do about it.
    const ssize_t ignored = ::sendto(socket.get(), text.data(), text.size(), MSG_DONTWAIT,
                                     reinterpret_cast<const sockaddr*>(&address), length);
    (void)ignored;
}

}  // namespace reeve

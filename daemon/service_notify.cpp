#include "service_notify.hpp"

#include "reeve/base/unique_fd.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace reeve {

namespace {

// Microseconds of the clock by which systemd orders reloads, sd_notify(3).
std::string monotonic_microseconds() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000);
}

std::optional<std::int64_t> number_in(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
    if (value == nullptr || *value == '\0') return std::nullopt;
    std::int64_t number = 0;
    const char* const end = value + std::strlen(value);
    const auto read = std::from_chars(value, end, number);
    return read.ec == std::errc() && read.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<std::chrono::microseconds> watchdog_interval() {
    const auto limit = number_in("WATCHDOG_USEC");
    if (!limit || *limit < 2) return std::nullopt;
    const auto meant = number_in("WATCHDOG_PID");
    if (meant && *meant != ::getpid() && *meant != ::getppid()) return std::nullopt;
    return std::chrono::microseconds(*limit / 2);
}

void notify_service_manager(const std::string& message) {
    std::string text = message;
    if (text == "RELOADING=1") text += "\nMONOTONIC_USEC=" + monotonic_microseconds();
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

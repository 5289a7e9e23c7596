#include "reeve/os/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

namespace reeve {
namespace {

constexpr std::uint32_t names_change = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

Result<UniqueFd> watch(const std::string& path, std::uint32_t events, const std::string& what) {
    UniqueFd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd)
        return Error::from_errno("watching " + what,
                                 errno == EMFILE ? "raise fs.inotify.max_user_instances" : "");
    if (::inotify_add_watch(fd.get(), path.c_str(), events) < 0)
        return Error::from_errno("watching " + what,
                                 errno == ENOSPC ? "raise fs.inotify.max_user_watches" : "");
    return fd;
}

}  // namespace

Result<UniqueFd> watch_file(int fd) {
    // By way of /proc the watch is on the inode that we hold, whatever its path names by now. Losing a name
    // changes the link count, which is IN_ATTRIB; IN_DELETE_SELF would come only after our own descriptor is
    // closed.
    return watch("/proc/self/fd/" + std::to_string(fd), IN_ATTRIB | IN_MOVE_SELF, "a file");
}

Result<UniqueFd> watch_writes(int fd) {
    return watch("/proc/self/fd/" + std::to_string(fd), IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF, "a file");
}

Result<UniqueFd> watch_directory(const std::filesystem::path& directory) {
    return watch(directory.string(), names_change, directory.string());
}

Result<UniqueFd> watch_contents(const std::filesystem::path& directory) {
    return watch(directory.string(), names_change | IN_MODIFY, directory.string());
}

void drain_watch(int watch_fd) {
    std::array<char, 4096> events{};
    while (::read(watch_fd, events.data(), events.size()) > 0) {
    }
}

// Source: inotify(7). An event of the queue's overflow has no name.
bool drain_watch(int watch_fd, const std::function<bool(std::string_view name)>& matters) {
    alignas(inotify_event) std::array<char, 4096> events{};
    bool any = false;
    for (;;) {
        const ssize_t length = ::read(watch_fd, events.data(), events.size());
        if (length <= 0) return any;
        for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(length);) {
            const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
            any = any || event->len == 0 || matters(event->name);
            at += sizeof(inotify_event) + event->len;
        }
    }
}

}  // namespace reeve

#include "open_regular.hpp"

#include <fcntl.h>

#include <cerrno>

namespace reeve {
namespace {

const char* kind_of(mode_t mode) {
    if (S_ISLNK(mode)) return "a symbolic link";
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

Error not_regular(const std::string& doing, const std::filesystem::path& path, mode_t mode) {
    return {Errc::refused, doing, std::string("it is ") + kind_of(mode) + ", not a regular file",
            std::string(S_ISDIR(mode) ? "look into it, then 'rmdir " : "look at it, then 'rm ") +
                path.string() + "'"};
}

}  // namespace

Result<UniqueFd> open_regular(const std::filesystem::path& path, int flags, const std::string& doing) {
    // Looked at before it is opened, because the mere opening of a device can do something (a tape rewinds, a
    // watchdog starts), and again afterwards, because what the name means may have changed in between.
    struct stat seen {};
    if (::lstat(path.c_str(), &seen) == 0 && !S_ISREG(seen.st_mode)) {
        return not_regular(doing, path, seen.st_mode);
    }
    int fd = -1;
    do {
        fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    } while (fd < 0 && errno == EINTR);
    UniqueFd file(fd);
    if (!file) {
        if (errno == ELOOP) return not_regular(doing, path, S_IFLNK);
        if (errno == EACCES || errno == EPERM) {
            return Error::from_errno(doing, "look at its owner and mode with 'ls -l " + path.string() + "'");
        }
        return Error::from_errno(doing);
    }
    if (::fstat(file.get(), &seen) != 0) return Error::from_errno(doing);
    if (!S_ISREG(seen.st_mode)) return not_regular(doing, path, seen.st_mode);
    return file;
}

std::filesystem::path directory_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

bool names_this_file(const std::filesystem::path& path, int fd) {
    struct stat ours {};
    struct stat named {};
    return ::fstat(fd, &ours) == 0 && ::lstat(path.c_str(), &named) == 0 && ours.st_dev == named.st_dev &&
           ours.st_ino == named.st_ino;
}

}  // namespace reeve

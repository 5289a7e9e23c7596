#include "reeve/core/session_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

namespace reeve {
namespace {

std::filesystem::path numbered(const std::filesystem::path& path, int number) {
    return path.string() + "." + std::to_string(number);
}

// Renames only: a byte that is being written lands in the old file, which is kept.
void rotate(const std::filesystem::path& path, int keep) {
    std::error_code ignored;
    std::filesystem::remove(keep > 0 ? numbered(path, keep) : path, ignored);
    for (int number = keep - 1; number >= 1; --number) {
        std::filesystem::rename(numbered(path, number), numbered(path, number + 1), ignored);
    }
    if (keep > 0) std::filesystem::rename(path, numbered(path, 1), ignored);
}

}  // namespace

Result<UniqueFd> open_session_log(const std::filesystem::path& path, const LogConfig& config) {
    struct stat now {};
    const bool there = ::lstat(path.c_str(), &now) == 0;
    if (there && static_cast<std::uint64_t>(now.st_size) >= config.max_size) rotate(path, config.keep);
    UniqueFd file(
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!file) return Error::from_errno("opening the log " + path.string());
    if (::fstat(file.get(), &now) != 0 || !S_ISREG(now.st_mode)) {
        return Error(Errc::refused, "opening the log " + path.string(), "not a regular file", "remove it");
    }
    // O_NONBLOCK was for a FIFO in its place; the session must not inherit it.
    if (::fcntl(file.get(), F_SETFL, O_APPEND) != 0)
        return Error::from_errno("opening the log " + path.string());
    return file;
}

}  // namespace reeve

#include "temporary_file.hpp"

#include "../flush.hpp"
#include "open_regular.hpp"
#include "reeve/os/random.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace reeve {
namespace {

struct Created {
    UniqueFd fd;
    std::filesystem::path path;
};

// Between the creation and the lock stands a moment in which a sweeper may take the file for a leftover. It
// locks before it unlinks, so one look after our own lock tells: then another name is tried.
Result<Created> create_locked(const std::filesystem::path& target, const std::string& doing) {
    for (int attempt = 0; attempt < 100; ++attempt) {
        const std::string name =
            std::string(temporary_prefix) + std::to_string(::getpid()) + "-" + new_uuid().substr(0, 8);
        Created made{UniqueFd(), directory_of(target) / name};
        made.fd.reset(::open(made.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!made.fd) {
            if (errno == EEXIST || errno == EINTR) continue;
            return Error::from_errno(doing);
        }
        if (::flock(made.fd.get(), LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK || errno == EINTR) {
                ::unlink(made.path.c_str());
                continue;
            }
            const Error failed =
                Error::from_errno(doing, "keep the store on a file system that has flock(2)");
            ::unlink(made.path.c_str());
            return failed;
        }
        if (names_this_file(made.path, made.fd.get())) return made;
    }
    return Error(Errc::refused, doing, "temporary files vanish as fast as they are made",
                 "find out what else cleans " + directory_of(target).string());
}

Status write_all(int fd, std::string_view bytes, const std::string& doing) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return Error::from_errno(doing);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return done;
}

}  // namespace

TemporaryFile::TemporaryFile(UniqueFd fd, std::filesystem::path path, std::filesystem::path target)
    : fd_(std::move(fd)), path_(std::move(path)), target_(std::move(target)) {}

TemporaryFile::TemporaryFile(TemporaryFile&& other) noexcept
    : fd_(std::move(other.fd_)),
      path_(std::exchange(other.path_, {})),
      target_(std::exchange(other.target_, {})) {}

TemporaryFile::~TemporaryFile() {
    // Unlinked before the descriptor, and with it the lock, goes.
    if (!path_.empty()) ::unlink(path_.c_str());
}

Result<TemporaryFile> TemporaryFile::write(const std::filesystem::path& target, std::string_view bytes,
                                           mode_t mode, Keep keep) {
    const std::string doing = "writing " + target.string();
    TRY(Created made, create_locked(target, doing));
    TemporaryFile file(std::move(made.fd), std::move(made.path), target);
    // The mode of open(2) is cut by the umask; this one is not.
    if (::fchmod(file.fd_.get(), mode) != 0) return Error::from_errno(doing);
    CHECK(write_all(file.fd_.get(), bytes, doing));
    if (keep == Keep::always && flush_to_disk(file.fd_.get()) != 0) return Error::from_errno(doing);
    return file;
}

Result<UniqueFd> TemporaryFile::take_name() {
    if (::rename(path_.c_str(), target_.c_str()) != 0) {
        return Error::from_errno("replacing " + target_.string());
    }
    path_.clear();
    return std::move(fd_);
}

UniqueFd TemporaryFile::take_no_name() {
    ::unlink(path_.c_str());
    path_.clear();
    return std::move(fd_);
}

Result<bool> TemporaryFile::take_free_name() {
    if (::link(path_.c_str(), target_.c_str()) == 0) return true;
    if (errno == EEXIST) return false;
    return Error::from_errno("making " + target_.string());
}

}  // namespace reeve

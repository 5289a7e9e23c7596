#include "reeve/os/fifo.hpp"

#include "descriptors.hpp"
#include "reeve/os/paths.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace reeve {

Result<UniqueFd> open_fifo(const std::filesystem::path& path) {
    const std::string doing = "opening the pipe " + path.string();
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return Error::from_errno(doing);
    struct stat now {};
    if (::fstat(fd.get(), &now) != 0) return Error::from_errno(doing);
    if (!S_ISFIFO(now.st_mode) || now.st_uid != ::geteuid())
        return Error(Errc::refused, doing, "it is no pipe of ours", "remove it");
    return above_standard_streams(std::move(fd));
}

Result<Pipe> make_fifo(const std::filesystem::path& path) {
    const std::string doing = "making the pipe " + path.string();
    CHECK(make_private_directory(path.parent_path()));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error::from_errno(doing);
    if (::mkfifo(path.c_str(), 0600) != 0) return Error::from_errno(doing);
    Pipe ends;
    TRY(ends.read, open_fifo(path));
    ends.write.reset(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!ends.write) return Error::from_errno(doing);
    TRY(ends.write, above_standard_streams(std::move(ends.write)));
    struct stat one {};
    struct stat other {};
    const bool same = ::fstat(ends.read.get(), &one) == 0 && ::fstat(ends.write.get(), &other) == 0 &&
                      one.st_ino == other.st_ino && one.st_dev == other.st_dev;
    if (!same) return Error(Errc::refused, doing, "somebody has replaced it meanwhile");
    return ends;
}

}  // namespace reeve

// flock(2) on a file that is replaced by rename and removed while it is held.
//
// The lock belongs to an inode, the agreement to a name. Whoever waits for, or opens, the file of that name
// may therefore end up with the lock on an inode that has lost it: two holders. So the two are compared after
// every acquisition, and nobody but the holder takes the name away.
#include "open_regular.hpp"
#include "reeve/os/files.hpp"
#include "temporary_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

namespace reeve {
namespace {

enum class Flock { taken, busy };

Result<Flock> flock_now(int fd, const std::string& doing) {
    while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return Flock::busy;
        if (errno != EINTR) {
            return Error::from_errno(doing, "keep the store on a file system that has flock(2)");
        }
    }
    return Flock::taken;
}

}  // namespace

Result<std::optional<LockedFile>> LockedFile::try_lock(const std::filesystem::path& path, Missing missing) {
    const std::string doing = "locking " + path.string();
    // Opened for writing, because flock on NFS is emulated by a record lock, which wants that.
    const int flags = O_RDWR | (missing == Missing::create ? O_CREAT : 0);
    // Each further round means that somebody else removed or replaced the file just then, so that the bound
    // is only there for somebody who does nothing else.
    for (int round = 0; round < 1000; ++round) {
        auto file = open_regular(path, flags, doing);
        if (!file.ok() && missing == Missing::leave &&
            file.error().code() == std::errc::no_such_file_or_directory) {
            return std::optional<LockedFile>();
        }
        if (!file.ok()) return file.error();
        TRY(const Flock lock, flock_now(file->get(), doing));
        if (lock == Flock::busy) return std::optional<LockedFile>();
        if (names_this_file(path, file->get())) {
            return std::optional<LockedFile>(LockedFile(std::move(*file), path));
        }
    }
    return Error(Errc::refused, doing, "somebody removes and replaces it all the time",
                 "find out who, e.g. with 'fuser " + path.string() + "'");
}

// flock(2): the lock is the open file description's, which an exec does not touch.
Result<LockedFile> LockedFile::take_over(const std::filesystem::path& path, UniqueFd fd) {
    const std::string doing = "taking over the lock on " + path.string();
    TRY(const Flock lock, flock_now(fd.get(), doing));
    LockedFile file(std::move(fd), path);
    if (lock == Flock::busy || !file.still_there())
        return Error(Errc::held, doing, "it was removed or replaced (force-unlock)",
                     "start again with: reeve run");
    return file;
}

bool LockedFile::still_there() const { return fd_ && names_this_file(path_, fd_.get()); }

Result<std::string> LockedFile::read() const { return read_fd(fd_.get(), "reading " + path_.string()); }

Status LockedFile::replace(std::string_view bytes, Folder folder) {
    TRY(TemporaryFile file, TemporaryFile::write(path_, bytes));
    if (!still_there()) {
        return Error(Errc::held, "replacing " + path_.string(), "it was removed or replaced under us");
    }
    TRY(fd_, file.take_name());
    if (folder == Folder::later) return done;
    return sync_directory(directory_of(path_));
}

Status LockedFile::remove() {
    if (still_there() && ::unlink(path_.c_str()) != 0 && errno != ENOENT) {
        return Error::from_errno("removing " + path_.string());
    }
    fd_.reset();
    return done;
}

}  // namespace reeve

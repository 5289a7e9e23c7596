#include "reeve/os/file_system.hpp"

#include <sys/mount.h>
#include <sys/param.h>

#include <cerrno>

namespace reeve {

// macOS has names and no numbers.
FileSystem file_system_by_magic(unsigned long /*magic*/) { return {}; }

Result<FileSystem> file_system_of(std::filesystem::path directory) {
    struct statfs seen {};
    while (::statfs(directory.c_str(), &seen) != 0) {
        if (errno == EINTR) continue;
        if (errno != ENOENT || !directory.has_relative_path())
            return Error::from_errno("looking at the file system of " + directory.string());
        directory = directory.parent_path();
    }
    const std::string type = static_cast<const char*>(seen.f_fstypename);
    if (type.find("fuse") != std::string::npos) return FileSystem{FileSystem::Place::unknown, type};
    if ((seen.f_flags & MNT_LOCAL) == 0) return FileSystem{FileSystem::Place::network, type};
    return FileSystem{};
}

}  // namespace reeve

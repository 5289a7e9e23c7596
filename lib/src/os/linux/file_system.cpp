#include "reeve/os/file_system.hpp"

#include <sys/vfs.h>

#include <cerrno>

namespace reeve {

FileSystem file_system_by_magic(unsigned long magic) {
    using Place = FileSystem::Place;
    switch (magic & 0xffffffffUL) {
        case 0x6969:
            return {Place::network, "nfs"};
        case 0xff534d42:
            return {Place::network, "cifs"};
        case 0xfe534d42:
            return {Place::network, "smb2"};
        case 0x517b:
            return {Place::network, "smb"};
        case 0x01021997:
            return {Place::network, "9p"};
        case 0x5346414f:
        case 0x6b414653:
            return {Place::network, "afs"};
        case 0x00c36400:
            return {Place::network, "ceph"};
        case 0x0bd00bd0:
            return {Place::network, "lustre"};
        case 0x73757245:
            return {Place::network, "coda"};
        case 0x786f4256:
            return {Place::network, "vboxsf"};
        case 0x65735546:
            return {Place::unknown, "fuse"};
        default:
            return {};
    }
}

Result<FileSystem> file_system_of(std::filesystem::path directory) {
    struct statfs seen {};
    while (::statfs(directory.c_str(), &seen) != 0) {
        if (errno == EINTR) continue;
        if (errno != ENOENT || !directory.has_relative_path())
            return Error::from_errno("looking at the file system of " + directory.string());
        directory = directory.parent_path();
    }
    return file_system_by_magic(static_cast<unsigned long>(seen.f_type));
}

}  // namespace reeve

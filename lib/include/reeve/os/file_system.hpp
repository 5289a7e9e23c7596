// What kind of file system lies under a directory.
//
// Linux: f_type of statfs(2), with the numbers of linux/magic.h and of the kernel's own sources. macOS:
// f_fstypename and MNT_LOCAL of statfs(2).
#pragma once

#include "reeve/base/result.hpp"

#include <filesystem>
#include <string>

namespace reeve {

struct FileSystem {
    enum class Place { local, network, unknown };  // unknown: FUSE, behind which anything may be
    Place place = Place::local;
    std::string type;  // "nfs"; empty for local ones that need no name
};

// Of the directory, or of the nearest one above it that exists.
Result<FileSystem> file_system_of(std::filesystem::path directory);

// The meaning of one number or name of the system; for file_system_of and its tests.
FileSystem file_system_by_magic(unsigned long magic);

}  // namespace reeve

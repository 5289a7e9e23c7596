// Opening what must be a plain file, in a place where anything may lie.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>

namespace reeve {

// `flags` as for open(2); close-on-exec, no following of a link and no waiting are added. A link, directory,
// FIFO, socket or device is Errc::refused, with the kind and the fix named; the errno of everything else is
// kept. `doing` begins the text of the error.
Result<UniqueFd> open_regular(const std::filesystem::path& path, int flags, const std::string& doing);

// The directory that holds `path`; "." for a bare name.
std::filesystem::path directory_of(const std::filesystem::path& path);

// Whether the name leads to the very file that `fd` has open. While it is open its inode number is not given
// away again, so that equal numbers are proof.
bool names_this_file(const std::filesystem::path& path, int fd);

}  // namespace reeve

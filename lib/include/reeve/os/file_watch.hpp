// Descriptors that become readable when a file or directory changes, so that nobody needs to look again and
// again.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <filesystem>
#include <functional>
#include <string_view>

namespace reeve {

// Readable when the open file `fd` loses its name (unlinked, replaced or renamed). Linux: inotify(7) on the
// inode; macOS: EVFILT_VNODE.
Result<UniqueFd> watch_file(int fd);

// Readable when the open file `fd` was written to, and when it loses its name. `fd` must stay open as long as
// the watch.
Result<UniqueFd> watch_writes(int fd);

// Readable when something in the directory was made, removed or renamed.
Result<UniqueFd> watch_directory(const std::filesystem::path& directory);

// The same, and also when a file in it was written to.
Result<UniqueFd> watch_contents(const std::filesystem::path& directory);

// Takes what has come, so that the descriptor is quiet again.
void drain_watch(int watch_fd);

// The same, of a directory. False when everything that has come was of names that do not matter; where the
// system does not tell the names, and where it has lost some, true.
bool drain_watch(int watch_fd, const std::function<bool(std::string_view name)>& matters);

}  // namespace reeve

// The soft limit of open files, which is often 1024.
#pragma once

#include <sys/resource.h>

#include <optional>

namespace reeve {

// Raises it as far as the system lets us, to 65,536 at most. Returns what it was; nothing when it stays.
std::optional<rlimit> raise_open_files();

}  // namespace reeve

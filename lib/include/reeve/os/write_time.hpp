// When an open file was written to last. Linux: st_mtim of fstat(2); macOS: st_mtimespec.
#pragma once

#include <cstdint>

namespace reeve {

// Nanoseconds since 1970; 0 when nobody can tell.
std::int64_t written_at(int file);

}  // namespace reeve

#include "reeve/os/write_time.hpp"

#include <sys/stat.h>

namespace reeve {

std::int64_t written_at(int file) {
    struct stat seen {};
    if (::fstat(file, &seen) != 0) return 0;
    return static_cast<std::int64_t>(seen.st_mtim.tv_sec) * 1'000'000'000 + seen.st_mtim.tv_nsec;
}

}  // namespace reeve

#include "open_files.hpp"

#include <algorithm>

namespace reeve {

std::optional<rlimit> raise_open_files() {
    rlimit before{};
    if (::getrlimit(RLIMIT_NOFILE, &before) != 0) return std::nullopt;
    // macOS may refuse the first (kern.maxfilesperproc, whatever the hard limit says) and takes the second.
    for (const rlim_t wanted : {rlim_t{65'536}, rlim_t{10'240}}) {
        rlimit raised = before;
        raised.rlim_cur = std::min(before.rlim_max, wanted);
        if (raised.rlim_cur <= before.rlim_cur) return std::nullopt;
        if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return before;
    }
    return std::nullopt;
}

}  // namespace reeve

#include "proc_args.hpp"

#include <sys/sysctl.h>

#include <algorithm>
#include <array>

namespace reeve::darwin {

Arguments read_arguments(pid_t pid) {
    if (pid <= 0) return {};
    std::array<int, 3> name{CTL_KERN, KERN_PROCARGS2, pid};
    const auto depth = static_cast<u_int>(name.size());
    std::size_t size = 0;
    if (::sysctl(name.data(), depth, nullptr, &size, nullptr, 0) != 0 || size == 0) return {};
    size += 1024;  // it may execute another program in between
    std::string block(size, '\0');
    if (::sysctl(name.data(), depth, block.data(), &size, nullptr, 0) != 0) return {};
    block.resize(std::min(size, block.size()));
    return parse_arguments(block);
}

}  // namespace reeve::darwin

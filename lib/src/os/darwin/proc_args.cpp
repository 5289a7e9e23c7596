#include "proc_args.hpp"

#include <sys/sysctl.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace reeve::darwin {
namespace {

// Takes the string at the front, without its NUL.
std::string_view take_string(std::string_view& rest) {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    return text;
}

}  // namespace

Arguments parse_arguments(std::string_view block) {
    Arguments found;
    int count = 0;
    if (block.size() < sizeof count) return found;
    std::memcpy(&count, block.data(), sizeof count);
    block.remove_prefix(sizeof count);
    take_string(block);  // the program's path
    block.remove_prefix(std::min(block.find_first_not_of('\0'), block.size()));
    for (; count > 0 && !block.empty(); --count) {
        if (!found.command.empty()) found.command += ' ';
        found.command += take_string(block);
    }
    found.environment = block;
    return found;
}

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

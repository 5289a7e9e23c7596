// Apart from the call that gets the block, so that it is tested where there is no such call.
#include "proc_args.hpp"

#include <algorithm>
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

}  // namespace reeve::darwin

#include "reeve/os/process_table.hpp"

#include <algorithm>

namespace reeve {

Result<ProcessIdentity> identify(pid_t pid, const Host& here) {
    const std::string what = "identifying process " + std::to_string(pid);
    const ProcessSeen seen = look_at(pid);
    switch (seen.state) {
        case ProcessSeen::State::absent:
        case ProcessSeen::State::zombie:
            return Error(std::make_error_code(std::errc::no_such_process), what);
        case ProcessSeen::State::hidden:
            return Error(Errc::refused, what, "the kernel does not show it to us");
        case ProcessSeen::State::running:
            break;
    }
    return ProcessIdentity{pid,         seen.start_time, here.boot_id, here.machine_id,
                           here.pid_ns, seen.pidfs_inode};
}

std::optional<std::string_view> find_in_environment(std::string_view block, std::string_view name) {
    for (std::size_t at = 0; at < block.size();) {
        const auto end = std::min(block.find('\0', at), block.size());
        const std::string_view entry = block.substr(at, end - at);
        if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=') {
            return entry.substr(name.size() + 1);
        }
        at = end + 1;
    }
    return std::nullopt;
}

}  // namespace reeve

#include "reeve/os/process_usage.hpp"

#include "proc_stat.hpp"

#include <unistd.h>

#include <fstream>

namespace reeve {

std::optional<ProcessUsage> usage_of(pid_t pid) {
    static const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
    static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const auto stat = linux_proc::read_stat(pid);
    if (!stat) return std::nullopt;
    ProcessUsage usage;
    usage.memory_bytes = stat->rss_pages * page;
    usage.cpu_seconds = static_cast<double>(stat->cpu_ticks + stat->waited_ticks) / ticks_per_second;
    return usage;
}

// Lines of /proc/PID/cgroup are "ID:CONTROLLERS:PATH"; version 2 is "0::PATH". cgroups(7).
std::optional<std::string> container_cgroup_of(pid_t pid, std::string_view container_id) {
    if (pid <= 0 || container_id.empty()) return std::nullopt;
    std::optional<std::string> found;
    std::ifstream file("/proc/" + std::to_string(pid) + "/cgroup");
    for (std::string line; std::getline(file, line);) {
        if (line.find(container_id) == std::string::npos) continue;
        if (line.starts_with("0::")) return line.substr(3);
        found = "";
    }
    return found;
}

}  // namespace reeve

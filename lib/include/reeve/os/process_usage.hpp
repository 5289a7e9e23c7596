// What a process uses. Thread rule: any thread.
//
// Linux: /proc/PID/stat, proc(5). macOS: proc_pid_rusage(3), whose figures leave out waited-for children.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reeve {

struct ProcessUsage {
    // Resident memory. What processes share is counted in each of them.
    std::uint64_t memory_bytes = 0;
    // User and system time, with that of children which have ended and were waited for.
    double cpu_seconds = 0;
    void add(const ProcessUsage& other) {
        memory_bytes += other.memory_bytes;
        cpu_seconds += other.cpu_seconds;
    }
};

// Nothing when it is gone or hidden from us.
std::optional<ProcessUsage> usage_of(pid_t pid);

// Whether the kernel says that `pid` runs in the container with this id: the name of one of its control
// groups holds it. An engine may be on another machine; then its pid is a stranger's here. Returns the path
// of its cgroup of version 2 when that names the container, an empty text when only another hierarchy's does,
// and nothing when none does. macOS: nothing, its engines run in a virtual machine.
std::optional<std::string> container_cgroup_of(pid_t pid, std::string_view container_id);

}  // namespace reeve

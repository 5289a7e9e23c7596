#include "reeve/os/process_usage.hpp"

#include <libproc.h>
#include <mach/mach_time.h>
#include <sys/resource.h>

namespace reeve {
namespace {

// ri_user_time and ri_system_time count in the units of mach_absolute_time(3).
double seconds_of(std::uint64_t units) {
    static const mach_timebase_info_data_t base = [] {
        mach_timebase_info_data_t read{1, 1};
        ::mach_timebase_info(&read);
        return read;
    }();
    return static_cast<double>(units) * base.numer / base.denom / 1e9;
}

}  // namespace

std::optional<ProcessUsage> usage_of(pid_t pid) {
    if (pid <= 0) return std::nullopt;
    rusage_info_v0 seen{};
    // The call is declared to fill in a pointer, and fills in what it points to.
    auto* const buffer = reinterpret_cast<rusage_info_t*>(&seen);
    if (::proc_pid_rusage(pid, RUSAGE_INFO_V0, buffer) != 0) return std::nullopt;
    return ProcessUsage{seen.ri_resident_size, seconds_of(seen.ri_user_time + seen.ri_system_time)};
}

std::optional<std::string> container_cgroup_of(pid_t /*pid*/, std::string_view /*container_id*/) {
    return std::nullopt;
}

}  // namespace reeve

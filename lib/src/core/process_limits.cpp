#include "core/process_limits.hpp"

#include <sys/resource.h>

namespace reeve {

ChildLimits child_limits_of(const LimitsConfig& config) {
    ChildLimits limits;
    // Soft and hard: a limit that its process can raise again is none.
    const auto add = [&](int resource, const char* name, const auto& value) {
        if (!value) return;
        rlimit both{};
        const auto wide = static_cast<std::uint64_t>(*value);
        both.rlim_cur = both.rlim_max =
            wide == LimitsConfig::unlimited ? RLIM_INFINITY : static_cast<rlim_t>(wide);
        limits.resources.push_back({resource, both, name});
    };
    add(RLIMIT_NOFILE, "nofile", config.nofile);
    add(RLIMIT_NPROC, "nproc", config.nproc);
    add(RLIMIT_AS, "as", config.as);
    add(RLIMIT_CORE, "core", config.core);
    add(RLIMIT_DATA, "data", config.data);
    add(RLIMIT_FSIZE, "fsize", config.fsize);
    add(RLIMIT_MEMLOCK, "memlock", config.memlock);
    add(RLIMIT_STACK, "stack", config.stack);
    if (config.cpu) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*config.cpu);
        add(RLIMIT_CPU, "cpu", std::optional(seconds.count()));
    }
    limits.nice = config.nice;
    return limits;
}

}  // namespace reeve

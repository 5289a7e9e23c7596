#include "reeve/os/child_limits.hpp"

#include <algorithm>

namespace reeve {
namespace {

// glibc gives the resources an enumeration of their own in C++; other systems an int.
template <class R>
int get(int (*call)(R, rlimit*), const ResourceLimit& limit, rlimit& now) {
    return call(static_cast<R>(limit.resource), &now);
}

}  // namespace

std::string why_limits_fail(const ChildLimits& limits) {
    for (const ResourceLimit& limit : limits.resources) {
        rlimit now{};
        if (get(::getrlimit, limit, now) != 0 || limit.value.rlim_max <= now.rlim_max) continue;
        return limit.name + " may be at most " + std::to_string(now.rlim_max) + " here";
    }
    if (limits.nice && *limits.nice < ::getpriority(PRIO_PROCESS, 0))
        return "a nice value may be raised, and lowered only by root";
    return {};
}

}  // namespace reeve

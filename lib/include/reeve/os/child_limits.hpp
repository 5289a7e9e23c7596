// What a child gives itself just before it executes its command: resource limits and its nice value.
#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>
#include <vector>

namespace reeve {

struct ResourceLimit {
    int resource = 0;  // RLIMIT_NOFILE, ...
    rlimit value{};    // soft and hard
    std::string name;  // for people
};

struct ChildLimits {
    std::vector<ResourceLimit> resources;
    std::optional<int> nice;  // -20 to 19, as it will be, not on top of what it is
    bool empty() const { return resources.empty() && !nice; }
};

// Which of them the kernel would refuse this process, for people; empty when none is in sight.
std::string why_limits_fail(const ChildLimits& limits);

}  // namespace reeve

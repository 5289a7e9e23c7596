// The limits of a session in the kernel's words.
#pragma once

#include "reeve/model/config.hpp"
#include "reeve/os/child_limits.hpp"

namespace reeve {

ChildLimits child_limits_of(const LimitsConfig& config);

}  // namespace reeve

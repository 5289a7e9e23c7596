// What the systems share of descriptors.hpp; private to the os layer.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

namespace reeve {

// The same open file under a number of 3 or higher, still close-on-exec.
Result<UniqueFd> above_standard_streams(UniqueFd fd);

}  // namespace reeve

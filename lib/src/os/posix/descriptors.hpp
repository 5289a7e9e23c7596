// What the systems share of descriptors.hpp; private to the os layer.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

namespace reeve {

// The same open file under a number of 3 or higher, still close-on-exec.
Result<UniqueFd> above_standard_streams(UniqueFd fd);

// One fcntl(2) per possible number, up to a bound: for kernels without close_range(2).
void close_on_exec_one_by_one(int lowest) noexcept;

}  // namespace reeve

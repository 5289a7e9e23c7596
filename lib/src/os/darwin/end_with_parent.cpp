#include "reeve/os/end_with_parent.hpp"

namespace reeve {

void end_with_parent(pid_t /*parent*/) {}

}  // namespace reeve

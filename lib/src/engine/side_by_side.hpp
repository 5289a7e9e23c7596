// Several program calls at the same time.
#pragma once

#include "reeve/engine/tool.hpp"

#include <vector>

namespace reeve {

// The results in the order of the calls. Completes when all have ended; cancelling it cancels them.
Task<std::vector<Result<ToolResult>>> run_side_by_side(std::vector<ToolCall> calls);

}  // namespace reeve

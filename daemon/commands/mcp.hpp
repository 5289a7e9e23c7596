// `reeve mcp wrap|unwrap [FILE]`: the servers of an MCP client, bound to it by `reeve exec`.
#pragma once

#include "options.hpp"

namespace reeve {

int run_mcp(const Options& options);

}  // namespace reeve

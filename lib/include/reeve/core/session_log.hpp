// Where a session's output goes: logs/<session>.log, rotated by size.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/model/config.hpp"

#include <filesystem>

namespace reeve {

// Opens the file for appending (0600, made when absent), after rotating it to .1, .2, ... when it has reached
// `config.max_size`. The session writes to the descriptor itself: no byte passes through the supervisor, and
// none is lost when the supervisor is killed.
Result<UniqueFd> open_session_log(const std::filesystem::path& path, const LogConfig& config);

}  // namespace reeve

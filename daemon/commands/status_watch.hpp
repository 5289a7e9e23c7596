// `reeve status --watch`.
#pragma once

#include "reeve/base/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace reeve {

struct WatchFrame {
    std::string text;
    std::optional<pid_t> supervisor;  // its end is a change, too
    int exit_code = 0;
};

// Draws at once, and again whenever something in `directory` is replaced, the supervisor ends, or the
// terminal has another size; until SIGINT, SIGTERM or SIGHUP. On a terminal it has the screen to itself
// meanwhile, gives it back as it was, and draws every two seconds too, for ages and figures, which nothing
// announces. Elsewhere it prints one frame after the other. Returns the last frame's exit code.
Result<int> watch_status(const std::filesystem::path& directory,
                         const std::function<Result<WatchFrame>()>& make);

}  // namespace reeve

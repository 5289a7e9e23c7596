// A control group of our own from the user's systemd: a transient scope, asked for by our pid.
//
// For `reeve run` in a shell, whose group belongs to root. We are moved, not executed again through
// systemd-run: where that fails, nothing has changed, and sessions stand on a lower step (decision 38).
#pragma once

#include "reeve/base/result.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace reeve {

// Moves this process into a scope where that is of use and does no harm, and waits for it, for three seconds
// at most. Nothing: there was no need, or nobody to ask. Otherwise the scope's name, or why there is none.
// REEVE_SCOPE=off and REEVE_CGROUP=off forbid it. Call it with one thread, before anything is started.
std::optional<Result<std::string>> enter_own_scope();

// Whether that would be tried here, and busctl(1) is there to do it.
bool own_scope_is_to_be_had();

// The words of the call to busctl(1) that moves `pid` into a new scope of that name.
std::vector<std::string> scope_request(const std::string& scope, pid_t pid);

}  // namespace reeve

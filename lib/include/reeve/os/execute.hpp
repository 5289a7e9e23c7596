// Executes another program in the place of this one: same process, same children, and the descriptors named.
//
// Every signal is blocked across the exec, because handlers do not survive it and a SIGTERM that came between
// would end the process where it should have been an orderly stop (execve(2)). The new program lets them come
// with let_signals_come() once it listens to them. Other threads of this process end with the exec; they must
// block signals as well, or one of them takes what comes last, and it is lost.
#pragma once

#include "reeve/base/result.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace reeve {

// Returns only when it did not happen; then everything is as before: `keep` is close-on-exec again, and
// signals come as they did. `argv` with argv[0]; the environment is our own. Call it on the first thread.
Error execute_in_place(const std::filesystem::path& program, std::vector<std::string> argv,
                       const std::vector<int>& keep);

// For the calling thread: what comes waits from now on; and arrives, with what has waited.
void hold_signals_back();
void let_signals_come();

// Whether `fd` is open. It is made close-on-exec: a descriptor that came across an exec is no child's.
bool take_descriptor(int fd);

}  // namespace reeve

// What commands share that speak to a running supervisor.
#pragma once

#include "options.hpp"
#include "reeve/base/result.hpp"
#include "reeve/model/status_snapshot.hpp"
#include "reeve/store/store.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace reeve {

// One call over the control socket, on a loop of its own.
Result<std::string> ask_supervisor(const StorePaths& paths, const std::string& method,
                                   const std::string& params, std::chrono::milliseconds limit);

// {"names": [...]}
std::string names_as_params(const Options& options);

// What status.json says, and whether its writer still lives: told by the holder's identity in .locked, never
// by taking the lock.
struct ObservedStatus {
    bool alive = false;
    bool known = false;  // there is a status file that can be read
    StatusSnapshot snapshot;
    std::string text;  // of the file
    std::string why;   // with alive == false, for people
};
// With a patience the live supervisor is asked first: what it says is newer than its file, which is then not
// read. It may take so long; after that the file has to do.
Result<ObservedStatus> observe_status(const StorePaths& paths,
                                      std::optional<std::chrono::milliseconds> patience = std::nullopt);

}  // namespace reeve

// What `reeve doctor` finds, and who looks for it: a function, in a file of its own, for each family.
//
// No check changes anything, and every call that leaves this process has a deadline.
#pragma once

#include "reeve/model/config.hpp"
#include "reeve/store/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace reeve {

struct Finding {
    enum class State { ok, warn, fail };
    std::string what;  // "store"
    State state = State::ok;
    std::string why;  // what was seen
    std::string fix;  // what to do; empty when it is well
};
using Findings = std::vector<Finding>;

inline Finding well(std::string what, std::string seen) {
    return {std::move(what), Finding::State::ok, std::move(seen), {}};
}
inline Finding warning(std::string what, std::string why, std::string fix) {
    return {std::move(what), Finding::State::warn, std::move(why), std::move(fix)};
}
inline Finding failure(std::string what, std::string why, std::string fix) {
    return {std::move(what), Finding::State::fail, std::move(why), std::move(fix)};
}

// What the checks look at.
struct Patient {
    std::filesystem::path home;
    StorePaths store;
    bool store_exists = false;
    bool supervised = false;            // a supervisor lives
    std::optional<std::string> option;  // --store, as it was given
    Config config;                      // the defaults when it cannot be read
};

Findings check_programs();
Findings check_store(const Patient& patient);
Findings check_leftovers(const Patient& patient);
Findings check_folder(const Patient& patient);
Findings check_clock(const Patient& patient);
Findings check_crashes(const Patient& patient);
Findings check_engine(const Patient& patient);
Findings check_service(const Patient& patient);
Findings check_search_path(const Patient& patient);
// Nothing on systems without control groups.
Findings check_containment(const Patient& patient);

}  // namespace reeve

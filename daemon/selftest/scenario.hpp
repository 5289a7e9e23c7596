// One way to kill: a supervisor in a store of its own with two zoos, somebody killed, and a count of who is
// left.
#pragma once

#include "reeve/base/result.hpp"

#include <functional>
#include <optional>
#include <string>

namespace reeve {

struct ScenarioResult {
    std::string name;
    int members = 0;    // of the zoos, before the kill
    int survivors = 0;  // after it, when time was up
    int innocents = 0;  // bystanders that were hurt
    long ms = 0;        // from the kill to the last survivor gone
    bool container = false, container_left = false;
    std::string trouble;  // why it could not be played; empty: it was
};

enum class Victim { nobody_stop_asked, supervisor, anchor, both, exec_caller, exec_anchor };

ScenarioResult play(const std::string& name, Victim victim, const std::optional<std::string>& image);

}  // namespace reeve

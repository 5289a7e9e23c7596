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
    std::string containment;  // as the status showed it: "cgroup", "subreaper", ...
    int members = 0;          // of the zoos, before the kill
    int survivors = 0;        // after it, when time was up
    int innocents = 0;        // bystanders that were hurt
    long ms = 0;              // from the kill to the last survivor gone
    int containers = 0, containers_left = 0;
    std::string trouble;  // why it could not be played; empty: it was
};

enum class Victim {
    nobody_stop_asked,
    nobody_sessions_stopped,
    supervisor,
    anchor,
    both,
    session_anchors,
    all_anchors,  // and the supervisor, in the same instant
    exec_caller,
    exec_anchor
};

struct Setting {
    bool cgroups = true;               // false: as on a system that has none
    std::optional<std::string> image;  // for a container session beside the zoos; nothing: none is played
};

ScenarioResult play(const std::string& name, Victim victim, const Setting& setting);

}  // namespace reeve

// What the two halves of the reaper share: reaper.cpp (registry and processes), reaper_containers.cpp
// (engines).
#pragma once

#include "reeve/core/reaper.hpp"

namespace reeve {

struct Reaper::Case {
    InstanceRegistry::Claim claim;
    InstanceRecord record;  // what is left of it
    bool process_left = false;
    std::set<SessionName> spared = {};            // they wait for the next supervisor
    std::set<std::string> groups_of_others = {};  // of instances before this one: it had adopted from them
    bool finished() const { return record.sessions.empty(); }
    Status settle();
};

struct Reaper::EngineWork {
    ContainerEngine* engine = nullptr;
    std::vector<InstanceId> recorded_by;        // dead instances whose records name this engine
    std::set<std::string> recorded_engine_ids;  // the engines that they spoke to
    std::vector<ContainerInfo> containers;      // orphans, proved by inspection
    std::vector<VolumeOrNetwork> networks, volumes;
};

ReapItem item_for(const ContainerInfo& container);
ReapItem item_for(const char* what, const VolumeOrNetwork& thing);

}  // namespace reeve

// Which engine a record speaks of: enough to reach it again.
#pragma once

#include "reeve/model/instance_record.hpp"

#include <compare>
#include <set>
#include <string>

namespace reeve {

struct EngineAddress {
    std::string name;      // "docker", "podman", "nerdctl"
    std::string endpoint;  // empty: the engine's default
    // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes what <=> compares with for a null pointer
    auto operator<=>(const EngineAddress&) const = default;
};

inline void add_engines_of(const InstanceRecord& record, std::set<EngineAddress>& engines) {
    for (const auto& [name, session] : record.sessions) {
        if (const auto* container = std::get_if<ContainerSessionRecord>(&session))
            engines.insert({container->engine, container->endpoint});
    }
}

}  // namespace reeve

// What a dead supervisor has left for the next one: sessions that are to be taken over, and are spared by
// whoever reaps before (docs/decisions/0055-adoption.md).
#include "reaper_parts.hpp"

#include <algorithm>

namespace reeve {

void Reaper::Scan::add_owned(const InstanceRecord& record) {
    for (const auto& [name, session] : record.sessions) {
        owned.push_back(session);
        if (std::holds_alternative<ContainerSessionRecord>(session))
            owned_labels.emplace(launcher_of(record, session).value, name.value);
    }
}

bool Reaper::Scan::owns(const SessionRecord& session) const {
    return std::any_of(owned.begin(), owned.end(),
                       [&](const SessionRecord& other) { return same_resource(session, other); });
}

// A process that is there and proved; of a container only an engine could say it, and that is asked later.
std::set<SessionName> Reaper::waiting_for_an_heir(const InstanceRecord& record) const {
    std::set<SessionName> names;
    if (record.kind != InstanceKind::supervisor) return names;
    std::vector<RecordedLeader> leaders;
    add_leaders_of(record, {}, leaders);
    for (const RecordedLeader& leader : leaders) {
        if (!succession_of(record.sessions.at(leader.name)).adopt) continue;
        const auto found = find_leader(leader, settings_.here);
        if (found.ok() && *found) names.insert(leader.name);
    }
    for (const auto& [name, session] : record.sessions) {
        if (std::holds_alternative<ContainerSessionRecord>(session) && succession_of(session).adopt)
            names.insert(name);
    }
    return names;
}

std::vector<Reaper::Heirloom> Reaper::heirlooms() const {
    std::vector<const InstanceRecord*> owners;
    for (const Case& one : cases_) {
        if (one.record.kind == InstanceKind::supervisor) owners.push_back(&one.record);
    }
    std::sort(owners.begin(), owners.end(),
              [](const auto* one, const auto* other) { return one->started_at > other->started_at; });
    std::vector<Heirloom> all;
    for (const InstanceRecord* owner : owners) {
        InstanceRecord of = *owner;
        of.sessions.clear();
        for (const auto& [name, session] : owner->sessions) {
            if (succession_of(session).adopt) all.push_back({of, name, session});
        }
    }
    return all;
}

void Reaper::give_away(const SessionRecord& session) {
    for (Case& one : cases_) {
        std::erase_if(one.record.sessions,
                      [&](const auto& item) { return same_resource(item.second, session); });
    }
}

}  // namespace reeve

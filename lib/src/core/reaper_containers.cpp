#include "reaper_parts.hpp"

#include <algorithm>

namespace reeve {
namespace {

constexpr int max_rounds = 5;  // what keeps appearing is tried again later, not for ever

std::string label_of(const Labels& labels, const char* key) {
    const auto it = labels.find(key);
    return it == labels.end() ? std::string() : it->second;
}

std::chrono::seconds whole_seconds(std::chrono::milliseconds duration) {
    return std::chrono::ceil<std::chrono::seconds>(duration);
}

std::string evidence_of(const Labels& labels) {
    return "labels reeve.store and reeve.instance=" + label_of(labels, label_instance) +
           " by inspect; no live owner";
}

Receipt receipt_for(const char* what, std::string name, const Labels& labels, std::string action,
                    std::string detail) {
    Receipt line;
    line.what = what;
    line.name = std::move(name);
    line.instance.value = label_of(labels, label_instance);
    line.session.value = label_of(labels, label_session);
    line.evidence = evidence_of(labels);
    line.action = std::move(action);
    line.outcome = "gone";
    line.detail = std::move(detail);
    return line;
}

template <class Things>
std::vector<std::string> names_of(const Things& things) {
    std::vector<std::string> names;
    for (const auto& thing : things) names.push_back(thing.name);
    return names;
}

}  // namespace

ReapItem item_for(const ContainerInfo& container) {
    return {{label_of(container.labels, label_instance)},
            {label_of(container.labels, label_session)},
            "container",
            container.name,
            evidence_of(container.labels),
            true};
}

ReapItem item_for(const char* what, const VolumeOrNetwork& thing) {
    return {{label_of(thing.labels, label_instance)},
            {label_of(thing.labels, label_session)},
            what,
            thing.name,
            evidence_of(thing.labels),
            true};
}

std::vector<Reaper::EngineWork> Reaper::engines_for(const std::vector<const InstanceRecord*>& dead) {
    std::vector<EngineWork> all;
    for (ContainerEngine* engine : settings_.engines) {
        EngineWork work;
        work.engine = engine;
        all.push_back(std::move(work));
    }
    for (const InstanceRecord* record : dead) {
        for (const auto& [name, session] : record->sessions) {
            const auto* container = std::get_if<ContainerSessionRecord>(&session);
            if (container == nullptr) continue;
            auto work = std::find_if(all.begin(), all.end(), [&](const EngineWork& w) {
                return w.engine->name() == container->engine && w.engine->endpoint() == container->endpoint;
            });
            if (work == all.end()) {
                made_.push_back(settings_.make_engine(container->engine, container->endpoint));
                EngineWork made;
                made.engine = made_.back().get();
                work = all.insert(all.end(), std::move(made));
            }
            // Its sessions come one after another.
            if (work->recorded_by.empty() || work->recorded_by.back() != record->instance_id) {
                work->recorded_by.push_back(record->instance_id);
            }
            if (!container->engine_id.empty()) work->recorded_engine_ids.insert(container->engine_id);
        }
    }
    // A program that registers itself may make its container before it names it.
    const bool unnamed = std::any_of(dead.begin(), dead.end(), [](const InstanceRecord* record) {
        return record->kind == InstanceKind::external;
    });
    if (settings_.only_recorded_engines && !unnamed)
        std::erase_if(all, [](const EngineWork& work) { return work.recorded_by.empty(); });
    return all;
}

// Finds what bears our store's label and whose instance has no living owner. The registry is read *after* the
// engine was asked: an instance's record is on disk before its first container exists, so no live one can be
// missed.
Task<Status> Reaper::look_through(EngineWork& work) {
    work.containers.clear();
    work.networks.clear();
    work.volumes.clear();
    ContainerEngine& engine = *work.engine;
    if (!work.recorded_engine_ids.empty()) {
        CO_TRY(const EngineInfo info, co_await engine.info());
        const bool same = info.engine_id.empty() || work.recorded_engine_ids.contains(info.engine_id);
        if (!same) {
            co_return Error(Errc::unreachable, "looking for containers on " + engine.name(),
                            "another engine answers at this endpoint than the one that made them",
                            "start that engine again, or remove the record by hand");
        }
    }
    CO_TRY(const std::vector<ContainerId> ids,
           co_await engine.list_containers(label_store, settings_.store.value));
    std::vector<std::string> wanted;
    for (const ContainerId& id : ids) wanted.push_back(id.value);
    std::vector<ContainerInfo> seen;
    if (!wanted.empty()) {
        CO_TRY(seen, co_await engine.inspect_containers(std::move(wanted)));
    }
    CO_TRY(std::vector<VolumeOrNetwork> networks,
           co_await engine.list_networks(label_store, settings_.store.value));
    CO_TRY(std::vector<VolumeOrNetwork> volumes,
           co_await engine.list_volumes(label_store, settings_.store.value));
    if (seen.empty() && networks.empty() && volumes.empty()) co_return done;

    CO_TRY(const Scan now, co_await scan());
    const auto orphan = [&](const Labels& labels) {
        const std::string instance = label_of(labels, label_instance);
        const bool meant = settings_.finish.empty() || instance == settings_.finish.value;
        return meant && label_of(labels, label_store) == settings_.store.value && is_uuid(instance) &&
               !now.spared.contains(instance);
    };
    const auto has_an_owner = [&](const Labels& labels) {
        return now.owned_labels.contains({label_of(labels, label_instance), label_of(labels, label_session)});
    };
    const auto is_on_record = [](const std::vector<SessionRecord>& sessions, const ContainerId& id) {
        return std::any_of(sessions.begin(), sessions.end(), [&id](const SessionRecord& session) {
            const auto* container = std::get_if<ContainerSessionRecord>(&session);
            return container != nullptr && container->container_id == id;
        });
    };
    std::vector<SessionRecord> waiting;  // for the next supervisor
    if (settings_.spare_adoptable) {
        for (const InstanceRegistry::Entry& entry : now.dead) {
            for (const SessionName& name : waiting_for_an_heir(*entry.record))
                waiting.push_back(entry.record->sessions.at(name));
        }
    }
    for (ContainerInfo& info : seen) {
        if (is_on_record(now.owned, info.id) || is_on_record(waiting, info.id)) continue;
        if (orphan(info.labels)) work.containers.push_back(std::move(info));
    }
    for (VolumeOrNetwork& network : networks) {
        if (orphan(network.labels) && !has_an_owner(network.labels))
            work.networks.push_back(std::move(network));
    }
    for (VolumeOrNetwork& volume : volumes) {
        if (orphan(volume.labels) && !has_an_owner(volume.labels)) work.volumes.push_back(std::move(volume));
    }
    co_return done;
}

// Stops, removes, and looks again until nothing of ours is left. What goes away is counted by what the next
// look does not show any more, not by what a command claimed.
Task<Status> Reaper::clear(EngineWork& work) {
    ContainerEngine& engine = *work.engine;
    Status trouble = done;
    for (int round = 0; round < max_rounds; ++round) {
        const EngineWork before = work;
        if (before.containers.empty() && before.networks.empty() && before.volumes.empty()) co_return done;
        containers_waited_for_ = before.containers.size();
        std::vector<ContainerId> running;
        std::vector<ContainerId> all;
        for (const ContainerInfo& info : before.containers) {
            all.push_back(info.id);
            if (info.running) running.push_back(info.id);
        }
        if (!running.empty()) {
            const Status stopped = co_await engine.stop_containers(running, whole_seconds(settings_.grace));
            if (!stopped.ok()) trouble = stopped;
        }
        if (!all.empty()) {
            const Status removed = co_await engine.remove_containers(all);
            if (!removed.ok()) trouble = removed;
        }
        if (!before.networks.empty()) {
            std::vector<std::string> names = names_of(before.networks);
            const Status removed = co_await engine.remove_networks(std::move(names));
            if (!removed.ok()) trouble = removed;
        }
        if (!before.volumes.empty()) {
            std::vector<std::string> names = names_of(before.volumes);
            const Status removed = co_await engine.remove_volumes(std::move(names));
            if (!removed.ok()) trouble = removed;
        }
        CO_CHECK(co_await look_through(work));
        const auto gone = [](const auto& list, const auto& name) {
            return std::none_of(list.begin(), list.end(),
                                [&](const auto& left) { return left.name == name; });
        };
        for (const ContainerInfo& info : before.containers) {
            if (!gone(work.containers, info.name)) continue;
            ++report_.counts.containers_removed;
            receipt(receipt_for("container", info.id.value, info.labels,
                                info.running ? "stop and remove" : "remove", info.name + " " + info.image));
        }
        for (const VolumeOrNetwork& network : before.networks) {
            if (!gone(work.networks, network.name)) continue;
            ++report_.counts.networks_removed;
            receipt(receipt_for("network", network.name, network.labels, "remove", ""));
        }
        for (const VolumeOrNetwork& volume : before.volumes) {
            if (!gone(work.volumes, volume.name)) continue;
            ++report_.counts.volumes_removed;
            receipt(receipt_for("volume", volume.name, volume.labels, "remove", ""));
        }
        if (!trouble.ok()) break;  // trying at once again would only repeat it
    }
    if (work.containers.empty() && work.networks.empty() && work.volumes.empty()) co_return done;
    if (!trouble.ok()) co_return trouble;
    co_return Error(Errc::failed, "clearing " + engine.name(),
                    "still there after " + std::to_string(max_rounds) + " rounds");
}

Task<Status> Reaper::containers() {
    co_await reap_foreign();
    std::vector<const InstanceRecord*> dead;
    for (const Case& one : cases_) dead.push_back(&one.record);
    std::vector<EngineWork> engines = engines_for(dead);
    for (EngineWork& work : engines) {
        Status outcome = co_await look_through(work);
        const bool looked = outcome.ok();
        if (looked) outcome = co_await clear(work);
        containers_waited_for_ = 0;

        std::set<std::string> left;  // instances of which something was still there when we last looked
        for (const auto& container : work.containers) left.insert(label_of(container.labels, label_instance));
        for (const auto& network : work.networks) left.insert(label_of(network.labels, label_instance));
        for (const auto& volume : work.volumes) left.insert(label_of(volume.labels, label_instance));
        const bool unseen = !outcome.ok() && left.empty();  // we could not even look
        if (unseen) {
            for (const InstanceId& id : work.recorded_by) left.insert(id.value);
        }
        // Orphans without a record were seen, and then the engine went away.
        if (looked && !outcome.ok() && left.empty()) problem({}, "container", outcome.error().message());
        for (const std::string& id : left) {
            problem({id}, "container", outcome.ok() ? "still there" : outcome.error().message());
        }
        for (Case& one : cases_) {
            if (left.contains(one.record.instance_id.value)) continue;
            std::erase_if(one.record.sessions, [&work, &one](const auto& item) {
                const auto* container = std::get_if<ContainerSessionRecord>(&item.second);
                return container != nullptr && !one.spared.contains(item.first) &&
                       container->engine == work.engine->name() &&
                       container->endpoint == work.engine->endpoint();
            });
        }
    }
    co_return done;
}

}  // namespace reeve

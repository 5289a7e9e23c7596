#include "commands/instance.hpp"

#include "commands/offline_reaper.hpp"
#include "exit_code.hpp"
#include "json_output.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"
#include "reeve/store/instance_registry.hpp"
#include "terminal.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>

namespace reeve {
namespace {

using Claim = InstanceRegistry::Claim;

Result<InstanceId> id_of(const Options& options) {
    if (options.id && is_uuid(*options.id)) return InstanceId{*options.id};
    return Error(Errc::invalid_data, "reading the instance's id",
                 options.id ? "\"" + *options.id + "\" is no id" : "it is missing",
                 "use the id that `reeve instance register` printed");
}

// One writer at a time: two programs that track at once must not lose one another's entry. flock(2) has no
// timeout, so this asks again every few milliseconds; a claim is held for one file write only.
Result<Claim> claim(const InstanceRegistry& registry, const InstanceId& id) {
    constexpr int tries = 400;
    for (int i = 0; i < tries; ++i) {
        TRY(auto claimed, registry.claim(id));
        if (claimed) return std::move(*claimed);
        if (!registry.load(id).ok()) break;
        ::poll(nullptr, 0, 5);
    }
    return Error(Errc::not_found, "finding instance " + id.value,
                 "there is no such instance, or it is being reaped", "see: reeve ps");
}

Status register_instance(const Options& options, const Store& store, const Host& here) {
    const pid_t owner = options.pid.value_or(::getppid());
    TRY(const ProcessIdentity identity, identify(owner, here));
    InstanceRecord record;
    record.instance_id.value = new_uuid();
    record.kind = InstanceKind::external;
    record.owner = identity;
    record.hostname = here.hostname;
    record.started_at = now_rfc3339();
    CHECK(InstanceRegistry(store.paths()).save(record));
    if (options.json) {
        print_json(
            {{"instance_id", record.instance_id.value},
             {"owner", owner},
             {"store", store.paths().root.string()},
             {"labels", {{label_store, store.id().value}, {label_instance, record.instance_id.value}}}});
    } else {
        print_line(record.instance_id.value);
    }
    return done;
}

Result<SessionRecord> tracked_process(const Options& options, const Host& here) {
    TRY(ProcessIdentity identity, identify(*options.pid, here));
    if (const auto soon = until_start_time_tells(identity.start_time); soon.count() > 0) {
        (void)::poll(nullptr, 0, static_cast<int>(soon.count()));
        TRY(identity, identify(*options.pid, here));
    }
    const auto entry = process_entry(*options.pid);
    ProcessSessionRecord process;
    process.pid = *options.pid;
    process.start_time = identity.start_time;
    process.pidfs_inode = identity.pidfs_inode;
    process.pgid = entry ? entry->group : *options.pid;
    process.command = {command_line_of(*options.pid)};
    process.started_at = now_rfc3339();
    return SessionRecord(process);
}

// Only a container that bears our labels is ever removed, so tracking any other would be an empty promise.
Result<SessionRecord> tracked_container(const Options& options, const InstanceId& id) {
    TRY(const auto offline, OfflineReaper::make(options));
    std::vector<std::string> names{*options.container};
    TRY(const auto seen, offline->run(offline->engine().inspect_containers(names)));
    const std::string doing = "tracking container " + *options.container;
    if (seen.empty())
        return Error(Errc::not_found, doing, offline->engine().name() + " has no such container");
    const ContainerInfo& info = seen.front();
    const auto has = [&info](const char* label, const std::string& value) {
        const auto it = info.labels.find(label);
        return it != info.labels.end() && it->second == value;
    };
    const std::string store = offline->store().id().value;
    if (!has(label_store, store) || !has(label_instance, id.value)) {
        return Error(Errc::refused, doing,
                     "it does not carry our labels, and only a container that does is ever removed",
                     "make it with: --label " + std::string(label_store) + "=" + store + " --label " +
                         label_instance + "=" + id.value);
    }
    ContainerSessionRecord container;
    container.engine = offline->engine().name();
    container.endpoint = offline->engine().endpoint();
    container.container = info.name;
    container.container_id = info.id;
    container.image = info.image;
    container.started_at = now_rfc3339();
    return SessionRecord(container);
}

Status track(const Options& options, const InstanceRegistry& registry, const Host& here) {
    TRY(const InstanceId id, id_of(options));
    if (!is_session_name(options.name)) {
        return Error(Errc::invalid_data, "reading --name", "\"" + options.name + "\" is no session's name");
    }
    if (options.pid.has_value() == options.container.has_value()) {
        return Error(Errc::invalid_data, "tracking", "exactly one of --pid and --container is needed");
    }
    TRY(const SessionRecord session,
        options.pid ? tracked_process(options, here) : tracked_container(options, id));
    TRY(Claim held, claim(registry, id));
    held.record.sessions[{options.name}] = session;
    return held.update(held.record);
}

Status untrack(const Options& options, const InstanceRegistry& registry) {
    TRY(const InstanceId id, id_of(options));
    TRY(Claim held, claim(registry, id));
    if (held.record.sessions.erase({options.name}) == 0) return done;
    return held.update(held.record);
}

Status unregister(const Options& options, const InstanceRegistry& registry) {
    TRY(const InstanceId id, id_of(options));
    TRY(Claim held, claim(registry, id));
    if (held.record.sessions.empty()) return held.forget();
    // Forgetting what still runs would leak it for good; the owner's end, or untrack, settles it.
    return Error(Errc::failed, "unregistering " + id.value,
                 std::to_string(held.record.sessions.size()) + " session(s) are still tracked",
                 "untrack them when they have ended; what the owner leaves is reaped when it is gone");
}

// Removes the containers, forgets the record, and exits as the command did.
Result<int> finish(const Options& options) {
    TRY(const InstanceId id, id_of(options));
    TRY(const auto offline, OfflineReaper::make(options, id));
    const ReapReport report = offline->run(offline->reaper().run());
    for (const ReapProblem& problem : report.problems) {
        print_warning("not cleared yet: " + problem.why + "; the next supervisor goes on");
    }
    return options.status;
}

Result<int> run(const Options& options) {
    TRY(const std::filesystem::path root, find_store(options.store));
    TRY(const Store store, Store::open_or_create(root));
    TRY(const Host here, this_host());
    const InstanceRegistry registry(store.paths());
    if (options.action == "register") {
        CHECK(register_instance(options, store, here));
    }
    if (options.action == "track") {
        CHECK(track(options, registry, here));
    }
    if (options.action == "untrack") {
        CHECK(untrack(options, registry));
    }
    if (options.action == "unregister") {
        CHECK(unregister(options, registry));
    }
    return exit_code::done;
}

}  // namespace

int run_instance(const Options& options) { return exit_code::after(run(options)); }

int run_finish_exec(const Options& options) { return exit_code::after(finish(options)); }

}  // namespace reeve

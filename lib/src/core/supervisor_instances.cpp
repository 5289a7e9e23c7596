// Registering other programs' instances over the control socket: what `reeve instance` does on the files
// itself.
#include "model/json_text.hpp"
#include "reeve/base/text.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"

#include <boost/asio/steady_timer.hpp>

#include <limits>

namespace reeve {
namespace {

Result<pid_t> pid_in(const Json& params, const std::string& doing) {
    const auto pid = int_field(params, "pid");
    if (pid && *pid > 1 && *pid <= std::numeric_limits<pid_t>::max()) return static_cast<pid_t>(*pid);
    return Error(Errc::invalid_data, doing, "\"pid\" is not that of a process");
}

Result<InstanceId> instance_in(const Json& params, const std::string& doing) {
    const auto id = string_field(params, "instance_id");
    if (id && is_uuid(*id)) return InstanceId{*id};
    return Error(Errc::invalid_data, doing, "\"instance_id\" is missing, or no id",
                 "use the one that instance.register answered with");
}

Result<SessionName> session_in(const Json& params, const std::string& doing) {
    const std::string name = string_field(params, "session").value_or("main");
    if (is_session_name(name)) return SessionName{name};
    return Error(Errc::invalid_data, doing, in_quotes(name) + " is not a name for a session");
}

}  // namespace

Task<Result<std::string>> Supervisor::verb_instance_register(std::string params, Caller caller) {
    (void)caller;
    const std::string doing = "registering an instance";
    CO_TRY(const Json object, parse_json(params, doing));
    CO_TRY(const pid_t owner, pid_in(object, doing));
    InstanceRecord record;
    CO_TRY(record.owner, identify(owner, settings_.here));
    record.instance_id.value = new_uuid();
    record.kind = InstanceKind::external;
    record.hostname = settings_.here.hostname;
    record.started_at = now_rfc3339();
    std::function<Status()> save = [this, record] { return registry_.save(record); };
    CO_CHECK(co_await worker_.run<Status>(std::move(save)));
    const OrderedJson answer{
        {"instance_id", record.instance_id.value},
        {"owner", owner},
        {"store", store_.paths().root.string()},
        {"labels", {{label_store, store_.id().value}, {label_instance, record.instance_id.value}}}};
    co_return dump_json(answer);
}

Task<Result<std::string>> Supervisor::change_instance(InstanceId id, std::string doing,
                                                      InstanceChanges::Change change) {
    CO_CHECK(co_await instance_changes_.make(std::move(id), std::move(doing), std::move(change)));
    co_return std::string("{}");
}

Task<Result<std::string>> Supervisor::verb_instance_track(std::string params, Caller caller) {
    (void)caller;
    const std::string doing = "tracking";
    CO_TRY(const Json object, parse_json(params, doing));
    CO_TRY(const InstanceId id, instance_in(object, doing));
    CO_TRY(const SessionName name, session_in(object, doing));
    const auto container = string_field(object, "container");
    if (container.has_value() == object.contains("pid")) {
        co_return Error(Errc::invalid_data, doing, "exactly one of \"pid\" and \"container\" is needed");
    }
    SessionRecord session;
    if (container) {
        CO_TRY(session, co_await tracked_container(id, *container));
    } else {
        CO_TRY(const pid_t pid, pid_in(object, doing));
        CO_TRY(ProcessIdentity identity, identify(pid, settings_.here));
        if (const auto soon = until_start_time_tells(identity.start_time); soon.count() > 0) {
            asio::steady_timer later(executor_, soon);
            const auto [ec] = co_await later.async_wait(as_result);
            (void)ec;
            CO_TRY(identity, identify(pid, settings_.here));
        }
        const auto entry = process_entry(pid);
        ProcessSessionRecord process;
        process.pid = pid;
        process.start_time = identity.start_time;
        process.pidfs_inode = identity.pidfs_inode;
        process.pgid = entry ? entry->group : pid;
        process.command = {command_line_of(pid)};
        process.started_at = now_rfc3339();
        session = process;
    }
    InstanceChanges::Change change = [name, session](InstanceRecord& record) {
        record.sessions[name] = session;
        return InstanceChanges::Outcome::write;
    };
    co_return co_await change_instance(id, doing, std::move(change));
}

// Only a container that bears our labels is ever removed, so tracking any other would be an empty promise.
Task<Result<SessionRecord>> Supervisor::tracked_container(InstanceId id, std::string name) {
    const std::string doing = "tracking container " + shortened(name);
    if (name.empty() || name.front() == '-') {
        co_return Error(Errc::invalid_data, doing, "that is no id and no name");
    }
    std::vector<std::string> names{name};
    CO_TRY(const auto seen, co_await engine_->engine().inspect_containers(std::move(names)));
    if (seen.empty()) co_return Error(Errc::not_found, doing, "there is no such container");
    const ContainerInfo& info = seen.front();
    const auto has = [&info](const char* label, const std::string& value) {
        const auto it = info.labels.find(label);
        return it != info.labels.end() && it->second == value;
    };
    if (!has(label_store, store_.id().value) || !has(label_instance, id.value)) {
        co_return Error(Errc::refused, doing,
                        "it does not carry our labels, and only a container that does is ever removed",
                        "make it with the labels that instance.register answered with");
    }
    ContainerSessionRecord container;
    container.engine = engine_->engine().name();
    container.endpoint = engine_->engine().endpoint();
    container.engine_id = engine_->engine_id();
    container.container = info.name;
    container.container_id = info.id;
    container.image = info.image;
    container.started_at = now_rfc3339();
    co_return SessionRecord(container);
}

Task<Result<std::string>> Supervisor::verb_instance_untrack(std::string params, Caller caller) {
    (void)caller;
    const std::string doing = "untracking";
    CO_TRY(const Json object, parse_json(params, doing));
    CO_TRY(const InstanceId id, instance_in(object, doing));
    CO_TRY(const SessionName name, session_in(object, doing));
    InstanceChanges::Change change = [name](InstanceRecord& record) {
        const bool known = record.sessions.erase(name) > 0;
        return known ? InstanceChanges::Outcome::write : InstanceChanges::Outcome::nothing;
    };
    co_return co_await change_instance(id, doing, std::move(change));
}

// Forgetting what still runs would leak it for good; the owner's end, or untrack, settles it.
Task<Result<std::string>> Supervisor::verb_instance_unregister(std::string params, Caller caller) {
    (void)caller;
    const std::string doing = "unregistering";
    CO_TRY(const Json object, parse_json(params, doing));
    CO_TRY(const InstanceId id, instance_in(object, doing));
    InstanceChanges::Change change =
        [doing](const InstanceRecord& record) -> Result<InstanceChanges::Outcome> {
        if (record.sessions.empty()) return InstanceChanges::Outcome::forget;
        return Error(Errc::failed, doing,
                     std::to_string(record.sessions.size()) + " session(s) are still tracked",
                     "untrack them when they have ended; what the owner leaves is reaped when it is gone");
    };
    co_return co_await change_instance(id, doing, std::move(change));
}

}  // namespace reeve

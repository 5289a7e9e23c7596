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

// The record under its lock. Somebody else may have it for the time of one write: asked again for a while.
Task<Result<InstanceRegistry::Claim>> Supervisor::claim_instance(InstanceId id, std::string doing) {
    constexpr int tries = 400;
    for (int i = 0; i < tries && !closing_; ++i) {
        std::function<Result<std::optional<InstanceRegistry::Claim>>()> take = [this, id] {
            return registry_.claim(id);
        };
        auto claimed = co_await worker_.run<Result<std::optional<InstanceRegistry::Claim>>>(std::move(take));
        if (!claimed.ok()) co_return claimed.error();
        if (claimed->has_value()) {
            if ((*claimed)->record.kind == InstanceKind::external) co_return std::move(**claimed);
            co_return Error(Errc::refused, doing,
                            "it was not registered, but belongs to a supervisor or exec",
                            "register an instance of your own");
        }
        if (!std::filesystem::exists(store_.paths().instance(id))) break;
        asio::steady_timer pause(executor_, std::chrono::milliseconds(5));
        const auto [ec] = co_await pause.async_wait(as_result);
        (void)ec;
    }
    co_return Error(Errc::not_found, doing, "there is no such instance, or it is being reaped",
                    "see: reeve ps");
}

Task<Result<std::string>> Supervisor::write_claim(InstanceRegistry::Claim claim, bool forget) {
    const auto held = std::make_shared<InstanceRegistry::Claim>(std::move(claim));
    std::function<Status()> write = [held, forget] {
        return forget ? held->forget() : held->update(held->record);
    };
    CO_CHECK(co_await worker_.run<Status>(std::move(write)));
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
        CO_TRY(const ProcessIdentity identity, identify(pid, settings_.here));
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
    CO_TRY(InstanceRegistry::Claim claim, co_await claim_instance(id, doing));
    claim.record.sessions[name] = session;
    co_return co_await write_claim(std::move(claim), false);
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
    CO_TRY(InstanceRegistry::Claim claim, co_await claim_instance(id, doing));
    if (claim.record.sessions.erase(name) == 0) co_return std::string("{}");
    co_return co_await write_claim(std::move(claim), false);
}

// Forgetting what still runs would leak it for good; the owner's end, or untrack, settles it.
Task<Result<std::string>> Supervisor::verb_instance_unregister(std::string params, Caller caller) {
    (void)caller;
    const std::string doing = "unregistering";
    CO_TRY(const Json object, parse_json(params, doing));
    CO_TRY(const InstanceId id, instance_in(object, doing));
    CO_TRY(InstanceRegistry::Claim claim, co_await claim_instance(id, doing));
    if (!claim.record.sessions.empty()) {
        co_return Error(Errc::failed, doing,
                        std::to_string(claim.record.sessions.size()) + " session(s) are still tracked",
                        "untrack them when they have ended; what the owner leaves is reaped when it is gone");
    }
    co_return co_await write_claim(std::move(claim), true);
}

}  // namespace reeve

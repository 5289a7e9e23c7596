#include "reeve/model/instance_record.hpp"

#include "json_fields.hpp"
#include "json_writer.hpp"

#include <algorithm>

namespace reeve {
namespace {

using Need = JsonFields::Need;

constexpr pid_t lowest_pid = 2;  // 1 is the system's init, and 0 and below mean groups to kill(2)
// An owner is watched and never signalled, and in a container the first process may well be one: `exec`
// there.
constexpr pid_t lowest_owner = 1;

void write(JsonWriter& out, const Succession& succession) {
    if (succession.adopt) out.member("on_owner_death", "adopt");
    if (!succession.spec.empty()) out.member("spec", succession.spec);
    if (!succession.launched_by.empty()) out.member("launched_by", succession.launched_by.value);
}

void write(JsonWriter& out, const ProcessSessionRecord& session) {
    out.member("kind", "process");
    if (session.pid > 0) out.member("pid", session.pid);
    if (session.start_time != 0) out.member("start_time", session.start_time);
    if (session.pidfs_inode != 0) out.member("pidfs_inode", session.pidfs_inode);
    if (session.pgid > 0) out.member("pgid", session.pgid);
    if (!session.cgroup.empty()) out.member("cgroup", session.cgroup);
    out.member("command", session.command);
    out.member("started_at", session.started_at);
    write(out, session.succession.or_default());
}

void write(JsonWriter& out, const ContainerSessionRecord& session) {
    out.member("kind", "container");
    out.member("engine", session.engine);
    out.member("endpoint", session.endpoint);
    out.member("engine_id", session.engine_id);
    out.member("container", session.container);
    out.member("container_id", session.container_id.value);
    out.member("image", session.image);
    out.member("started_at", session.started_at);
    write(out, session.succession.or_default());
}

// What could lead out of the cgroup tree, or to its root, would turn one session's cgroup.kill into
// somebody else's.
bool is_cgroup_path(std::string_view path) {
    if (path.size() < 2 || path.front() != '/' || path.find('\0') != std::string_view::npos) return false;
    for (std::size_t at = 1; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view part = path.substr(at, end - at);
        if (part.empty() || part == "." || part == "..") return false;
        at = end + 1;
    }
    return true;
}

std::string cgroup_from(JsonFields& fields) {
    std::string path = fields.text("cgroup", Need::optional);
    if (!path.empty() && !is_cgroup_path(path)) fields.refuse("cgroup", "is no path of a control group");
    return path;
}

// What becomes an argument of the engine's command must not be able to look like an option.
std::string argument_from(JsonFields& fields, const char* name, Need need) {
    std::string text = fields.text(name, need);
    if (text.starts_with('-') || text.find('\0') != std::string::npos) {
        fields.refuse(name, "cannot be an argument of an engine");
    }
    return text;
}

bool is_container_id(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What none of our versions wrote is as good as "reap": nothing goes on that nobody has asked for.
Seldom<Succession> succession_from(JsonFields& fields) {
    Succession succession;
    succession.adopt = fields.text("on_owner_death", Need::optional) == "adopt";
    succession.spec = fields.text("spec", Need::optional);
    succession.launched_by.value = fields.text("launched_by", Need::optional);
    if (!succession.launched_by.empty() && !is_uuid(succession.launched_by.value))
        fields.refuse("launched_by", "is no UUID");
    if (succession == Succession{}) return {};
    return succession;
}

ProcessSessionRecord process_from(JsonFields& fields) {
    ProcessSessionRecord session;
    session.pid = fields.pid("pid", Need::optional, lowest_pid);
    session.start_time = fields.number("start_time");
    session.pidfs_inode = fields.number("pidfs_inode");
    session.pgid = fields.pid("pgid", Need::optional, lowest_pid);
    session.cgroup = cgroup_from(fields);
    session.command = fields.text_list("command");
    session.started_at = fields.text("started_at", Need::optional);
    session.succession = succession_from(fields);
    return session;
}

ContainerSessionRecord container_from(JsonFields& fields) {
    ContainerSessionRecord session;
    session.engine = argument_from(fields, "engine", Need::required);
    session.endpoint = argument_from(fields, "endpoint", Need::optional);
    session.engine_id = fields.text("engine_id", Need::optional);
    session.container = argument_from(fields, "container", Need::optional);
    session.container_id.value = fields.text("container_id", Need::optional);
    if (!session.container_id.empty() && !is_container_id(session.container_id.value)) {
        fields.refuse("container_id", "is no container's full id");
    }
    session.image = argument_from(fields, "image", Need::optional);
    session.started_at = fields.text("started_at", Need::optional);
    session.succession = succession_from(fields);
    return session;
}

SessionRecord session_from(JsonFields& fields) {
    const std::string kind = fields.text("kind", Need::required);
    if (kind == "process") return process_from(fields);
    if (kind == "container") return container_from(fields);
    fields.refuse("kind", "is neither process nor container");
    return {};
}

ProcessIdentity owner_from(JsonFields& fields) {
    ProcessIdentity owner;
    owner.pid = fields.pid("pid", Need::required, lowest_owner);
    owner.start_time = fields.number("start_time");
    owner.boot_id = fields.text("boot_id", Need::optional);
    owner.machine_id = fields.text("machine_id", Need::optional);
    owner.pid_ns = fields.number("pid_ns");
    owner.pidfs_inode = fields.number("pidfs_inode");
    return owner;
}

InstanceKind kind_from(JsonFields& fields) {
    const std::string kind = fields.text("kind", Need::required);
    for (const auto known : {InstanceKind::supervisor, InstanceKind::exec, InstanceKind::external}) {
        if (kind == to_string(known)) return known;
    }
    fields.refuse("kind", "is none of supervisor, exec and external");
    return InstanceKind::external;
}

}  // namespace

const Succession& succession_of(const SessionRecord& session) {
    return std::visit([](const auto& s) -> const Succession& { return s.succession.or_default(); }, session);
}

Succession& succession_of(SessionRecord& session) {
    return std::visit(
        [](auto& s) -> Succession& { return s.succession ? *s.succession : s.succession.emplace(); },
        session);
}

const InstanceId& launcher_of(const InstanceRecord& record, const SessionRecord& session) {
    const InstanceId& other = succession_of(session).launched_by;
    return other.empty() ? record.instance_id : other;
}

bool same_resource(const SessionRecord& one, const SessionRecord& other) {
    if (const auto* process = std::get_if<ProcessSessionRecord>(&one)) {
        const auto* second = std::get_if<ProcessSessionRecord>(&other);
        return second != nullptr && process->pid > 0 && process->pid == second->pid &&
               process->start_time == second->start_time && process->pidfs_inode == second->pidfs_inode;
    }
    const auto* container = std::get_if<ContainerSessionRecord>(&one);
    const auto* second = std::get_if<ContainerSessionRecord>(&other);
    return container != nullptr && second != nullptr && !container->container_id.empty() &&
           container->container_id == second->container_id;
}

std::string to_json(const InstanceRecord& record) {
    JsonWriter out(JsonWriter::Form::pretty);
    out.begin_object();
    out.member("schema_version", 1);
    out.member("instance_id", record.instance_id.value);
    out.member("pid", record.owner.pid);
    out.member("started_at", record.started_at);
    out.member("kind", to_string(record.kind));
    out.member("hostname", record.hostname);
    out.key("owner").begin_object();
    out.member("pid", record.owner.pid);
    out.member("start_time", record.owner.start_time);
    out.member("boot_id", record.owner.boot_id);
    out.member("machine_id", record.owner.machine_id);
    out.member("pid_ns", record.owner.pid_ns);
    out.member("pidfs_inode", record.owner.pidfs_inode);
    out.end_object();
    if (!record.cgroup.empty()) out.member("cgroup", record.cgroup);
    out.key("sessions").begin_object();
    for (const auto& [name, session] : record.sessions) {
        out.key(name.value).begin_object();
        std::visit([&out](const auto& s) { write(out, s); }, session);
        out.end_object();
    }
    out.end_object();
    out.end_object();
    return out.take() + "\n";
}

Result<InstanceRecord> instance_record_from_json(std::string_view text) {
    const std::string what = "reading an instance record";
    TRY(const Json json, parse_json(text, what));
    const auto wrong = [&](const std::string& why) { return Error(Errc::invalid_data, what, why); };
    JsonFields fields(json, "");
    InstanceRecord record;
    (void)fields.schema_version(Need::optional);
    record.instance_id.value = fields.text("instance_id", Need::required);
    if (!is_uuid(record.instance_id.value)) fields.refuse("instance_id", "is no UUID");
    const pid_t pid = fields.pid("pid", Need::required, lowest_owner);
    record.started_at = fields.text("started_at", Need::required);
    record.kind = kind_from(fields);
    record.hostname = fields.text("hostname", Need::optional);
    record.cgroup = cgroup_from(fields);
    const Json* owner = fields.object("owner");
    const Json* sessions = fields.object("sessions");
    if (fields.problem()) return wrong(*fields.problem());

    JsonFields owner_fields(*owner, "owner");
    record.owner = owner_from(owner_fields);
    if (record.owner.pid != pid) owner_fields.refuse("pid", "is not the pid above it");
    if (owner_fields.problem()) return wrong(*owner_fields.problem());

    for (const auto& [name, session] : sessions->items()) {
        if (!is_session_name(name)) return wrong("sessions holds a name that no session may have");
        JsonFields session_fields(session, "sessions." + name);
        record.sessions.emplace(SessionName{name}, session_from(session_fields));
        if (session_fields.problem()) return wrong(*session_fields.problem());
    }
    return record;
}

const char* to_string(InstanceKind kind) {
    switch (kind) {
        case InstanceKind::supervisor:
            return "supervisor";
        case InstanceKind::exec:
            return "exec";
        case InstanceKind::external:
            return "external";
    }
    return "external";
}

}  // namespace reeve

#include "reeve/model/status_snapshot.hpp"

#include "json_text.hpp"
#include "json_writer.hpp"

#include <array>
#include <utility>

namespace reeve {
namespace {

constexpr std::array supervisor_states{"starting", "running", "safe", "stopping", "stopped"};
constexpr std::array session_states{"waiting",  "starting", "running", "backoff",
                                    "stopping", "stopped",  "exited",  "failed"};

template <class Enum, std::size_t N>
std::optional<Enum> state_from(const std::array<const char*, N>& names,
                               const std::optional<std::string>& text) {
    for (std::size_t i = 0; text && i < N; ++i) {
        if (*text == names.at(i)) return static_cast<Enum>(i);
    }
    return std::nullopt;
}

void write_members(JsonWriter& out, const ReapCounts& c) {
    out.member("instances", c.instances);
    out.member("processes_killed", c.processes_killed);
    out.member("containers_removed", c.containers_removed);
    out.member("networks_removed", c.networks_removed);
    out.member("volumes_removed", c.volumes_removed);
    out.member("failed", c.failed);
}

void write(JsonWriter& out, const SessionStatus& s) {
    out.begin_object();
    out.member("kind", s.kind);
    out.member("state", to_string(s.state));
    out.member("pid", s.pid);
    out.member("container_id", s.container_id);
    out.member("ready", s.ready);
    out.member("restarts", s.restarts);
    out.member("started_at", s.started_at);
    out.member("containment", s.containment);
    out.member("memory_bytes", s.memory_bytes);
    out.member("cpu_seconds", s.cpu_seconds);
    out.member("added", s.added);
    out.member("adopted", s.adopted);
    out.key("last_exit");
    if (s.last_exit) {
        out.begin_object();
        out.member("code", s.last_exit->code);
        out.member("signal", s.last_exit->signal);
        out.member("at", s.last_exit->at);
        out.member("why", s.last_exit->why);
        out.end_object();
    } else {
        out.null();
    }
    out.member("attention", s.attention);
    out.member("message", s.message);
    out.member("last_output", s.last_output);
    out.end_object();
}

void write(JsonWriter& out, const LastReap& reap) {
    out.begin_object();
    out.member("started_at", reap.started_at);
    out.member("duration_ms", reap.duration_ms);
    write_members(out, reap.counts);
    out.end_object();
}

void write_reaper(JsonWriter& out, const StatusSnapshot& s) {
    out.key("reaper").begin_object();
    out.key("last_run");
    if (s.last_reap)
        write(out, *s.last_reap);
    else
        out.null();
    out.key("pending").begin_array();
    for (const auto& item : s.pending) {
        out.begin_object();
        out.member("instance_id", item.instance_id);
        out.member("what", item.what);
        out.member("why", item.why);
        out.member("attempts", item.attempts);
        out.member("next_try_at", item.next_try_at);
        out.end_object();
    }
    out.end_array();
    out.key("totals").begin_object();
    write_members(out, s.totals);
    out.end_object();
    out.end_object();
}

template <class T>
std::string one_line(const T& value) {
    JsonWriter out(JsonWriter::Form::one_line);
    write(out, value);
    return out.take();
}

int small_int(const Json& object, const char* name) {
    return static_cast<int>(int_field(object, name).value_or(0));
}

ReapCounts counts_from(const Json& object) {
    return {small_int(object, "instances"),          small_int(object, "processes_killed"),
            small_int(object, "containers_removed"), small_int(object, "networks_removed"),
            small_int(object, "volumes_removed"),    small_int(object, "failed")};
}

bool bool_field(const Json& object, const char* name) {
    const auto it = object.is_object() ? object.find(name) : object.end();
    return it != object.end() && it->is_boolean() && it->get<bool>();
}

std::optional<double> number_field(const Json& object, const char* name) {
    const auto it = object.is_object() ? object.find(name) : object.end();
    return it != object.end() && it->is_number() ? std::optional(it->get<double>()) : std::nullopt;
}

std::optional<int> optional_int(const Json& object, const char* name) {
    const auto value = int_field(object, name);
    return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

SessionStatus session_from(const Json& object) {
    SessionStatus s;
    s.kind = string_field(object, "kind").value_or("");
    s.state = state_from<SessionState>(session_states, string_field(object, "state"))
                  .value_or(SessionState::stopped);
    s.pid = optional_int(object, "pid");
    s.container_id = string_field(object, "container_id");
    s.ready = bool_field(object, "ready");
    s.restarts = small_int(object, "restarts");
    s.started_at = string_field(object, "started_at");
    s.containment = string_field(object, "containment");
    s.memory_bytes = uint_field(object, "memory_bytes");
    s.cpu_seconds = number_field(object, "cpu_seconds");
    s.added = bool_field(object, "added");
    s.adopted = bool_field(object, "adopted");
    if (const Json* exit = object_field(object, "last_exit")) {
        s.last_exit = LastExit{optional_int(*exit, "code"), optional_int(*exit, "signal"),
                               string_field(*exit, "at").value_or(""), string_field(*exit, "why")};
    }
    s.attention = string_field(object, "attention");
    s.message = string_field(object, "message");
    s.last_output = string_field(object, "last_output");
    return s;
}

void reaper_from(const Json& object, StatusSnapshot& snapshot) {
    if (const Json* run = object_field(object, "last_run")) {
        snapshot.last_reap = LastReap{string_field(*run, "started_at").value_or(""),
                                      int_field(*run, "duration_ms").value_or(0), counts_from(*run)};
    }
    if (const Json* pending = array_field(object, "pending")) {
        for (const Json& item : *pending) {
            snapshot.pending.push_back({string_field(item, "instance_id").value_or(""),
                                        string_field(item, "what").value_or(""),
                                        string_field(item, "why").value_or(""), small_int(item, "attempts"),
                                        string_field(item, "next_try_at").value_or("")});
        }
    }
    if (const Json* totals = object_field(object, "totals")) snapshot.totals = counts_from(*totals);
}

}  // namespace

const char* to_string(SupervisorState state) { return supervisor_states.at(static_cast<std::size_t>(state)); }
const char* to_string(SessionState state) { return session_states.at(static_cast<std::size_t>(state)); }

void ReapCounts::add(const ReapCounts& other) {
    instances += other.instances;
    processes_killed += other.processes_killed;
    containers_removed += other.containers_removed;
    networks_removed += other.networks_removed;
    volumes_removed += other.volumes_removed;
    failed += other.failed;
}

std::string to_json(const SessionStatus& session) { return one_line(session); }
std::string to_json(const LastReap& reap) { return one_line(reap); }

std::string to_json(const StatusSnapshot& s) {
    JsonWriter out(JsonWriter::Form::pretty);
    out.begin_object();
    out.member("schema_version", 1);
    out.member("version", s.version);
    out.member("seq", s.seq);
    out.member("updated_at", s.updated_at);
    out.member("state", to_string(s.state));
    out.member("instance_id", s.instance_id.value);
    out.member("pid", s.pid);
    out.member("anchor_pid", s.anchor_pid);
    out.member("hostname", s.hostname);
    out.member("started_at", s.started_at);
    out.member("upgrades", s.upgrades);
    out.member("control", s.control);
    out.key("sessions").begin_object();
    for (const auto& [name, session] : s.sessions) {
        out.key(name.value);
        write(out, session);
    }
    out.end_object();
    write_reaper(out, s);
    out.key("engines").begin_object();
    for (const auto& [name, engine] : s.engines) {
        out.key(name).begin_object();
        out.member("reachable", engine.reachable);
        out.member("version", engine.version);
        out.member("why", engine.why);
        out.end_object();
    }
    out.end_object();
    out.key("instances").begin_object();
    out.member("alive", s.instances.alive);
    out.member("dead", s.instances.dead);
    out.member("foreign", s.instances.foreign);
    out.member("quarantined", s.instances.quarantined);
    out.end_object();
    out.member("attention", s.attention);
    out.end_object();
    return out.take() + "\n";
}

Result<StatusSnapshot> status_snapshot_from_json(std::string_view text) {
    const std::string what = "reading the status";
    TRY(const Json root, parse_json(text, what));
    if (!root.is_object()) return Error(Errc::invalid_data, what, "not a JSON object");
    const auto state = state_from<SupervisorState>(supervisor_states, string_field(root, "state"));
    if (!state) return Error(Errc::invalid_data, what, "\"state\" is missing or unknown");
    StatusSnapshot s;
    s.state = *state;
    s.version = string_field(root, "version").value_or("");
    s.seq = uint_field(root, "seq").value_or(0);
    s.updated_at = string_field(root, "updated_at").value_or("");
    s.instance_id.value = string_field(root, "instance_id").value_or("");
    s.pid = optional_int(root, "pid").value_or(-1);
    s.anchor_pid = optional_int(root, "anchor_pid");
    s.hostname = string_field(root, "hostname").value_or("");
    s.started_at = string_field(root, "started_at").value_or("");
    s.upgrades = small_int(root, "upgrades");
    s.control = string_field(root, "control").value_or("");
    if (const Json* sessions = object_field(root, "sessions")) {
        for (const auto& [name, session] : sessions->items()) s.sessions[{name}] = session_from(session);
    }
    if (const Json* reaper = object_field(root, "reaper")) reaper_from(*reaper, s);
    if (const Json* engines = object_field(root, "engines")) {
        for (const auto& [name, engine] : engines->items()) {
            s.engines[name] = {bool_field(engine, "reachable"), string_field(engine, "version"),
                               string_field(engine, "why")};
        }
    }
    if (const Json* counts = object_field(root, "instances")) {
        s.instances = {small_int(*counts, "alive"), small_int(*counts, "dead"), small_int(*counts, "foreign"),
                       small_int(*counts, "quarantined")};
    }
    if (const Json* attention = array_field(root, "attention")) {
        for (const Json& item : *attention) {
            if (item.is_string()) s.attention.push_back(item.get<std::string>());
        }
    }
    return s;
}

}  // namespace reeve

#include "reeve/model/status_snapshot.hpp"

#include "json_text.hpp"

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

template <class T>
OrderedJson or_null(const std::optional<T>& value) {
    return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

OrderedJson json_of(const ReapCounts& c) {
    return {{"instances", c.instances},
            {"processes_killed", c.processes_killed},
            {"containers_removed", c.containers_removed},
            {"networks_removed", c.networks_removed},
            {"volumes_removed", c.volumes_removed},
            {"failed", c.failed}};
}

OrderedJson json_of(const SessionStatus& s) {
    OrderedJson last_exit = nullptr;
    if (s.last_exit) {
        last_exit = {{"code", or_null(s.last_exit->code)},
                     {"signal", or_null(s.last_exit->signal)},
                     {"at", s.last_exit->at},
                     {"why", or_null(s.last_exit->why)}};
    }
    return {{"kind", s.kind},
            {"state", to_string(s.state)},
            {"pid", or_null(s.pid)},
            {"container_id", or_null(s.container_id)},
            {"ready", s.ready},
            {"restarts", s.restarts},
            {"started_at", or_null(s.started_at)},
            {"containment", or_null(s.containment)},
            {"memory_bytes", or_null(s.memory_bytes)},
            {"cpu_seconds", or_null(s.cpu_seconds)},
            {"added", s.added},
            {"adopted", s.adopted},
            {"last_exit", last_exit},
            {"attention", or_null(s.attention)},
            {"message", or_null(s.message)},
            {"last_output", or_null(s.last_output)}};
}

OrderedJson json_of(const LastReap& reap) {
    OrderedJson object{{"started_at", reap.started_at}, {"duration_ms", reap.duration_ms}};
    object.update(json_of(reap.counts));
    return object;
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

std::string to_json(const SessionStatus& session) { return dump_json(json_of(session)); }
std::string to_json(const LastReap& reap) { return dump_json(json_of(reap)); }

std::string to_json(const StatusSnapshot& s) {
    OrderedJson sessions = OrderedJson::object();
    for (const auto& [name, session] : s.sessions) sessions[name.value] = json_of(session);
    const OrderedJson last_run = s.last_reap ? json_of(*s.last_reap) : OrderedJson(nullptr);
    OrderedJson pending = OrderedJson::array();
    for (const auto& item : s.pending) {
        pending.push_back({{"instance_id", item.instance_id},
                           {"what", item.what},
                           {"why", item.why},
                           {"attempts", item.attempts},
                           {"next_try_at", item.next_try_at}});
    }
    OrderedJson engines = OrderedJson::object();
    for (const auto& [name, engine] : s.engines) {
        engines[name] = {{"reachable", engine.reachable},
                         {"version", or_null(engine.version)},
                         {"why", or_null(engine.why)}};
    }
    const OrderedJson root{
        {"schema_version", 1},
        {"version", s.version},
        {"seq", s.seq},
        {"updated_at", s.updated_at},
        {"state", to_string(s.state)},
        {"instance_id", s.instance_id.value},
        {"pid", s.pid},
        {"anchor_pid", or_null(s.anchor_pid)},
        {"hostname", s.hostname},
        {"started_at", s.started_at},
        {"upgrades", s.upgrades},
        {"control", s.control},
        {"sessions", sessions},
        {"reaper", {{"last_run", last_run}, {"pending", pending}, {"totals", json_of(s.totals)}}},
        {"engines", engines},
        {"instances",
         {{"alive", s.instances.alive},
          {"dead", s.instances.dead},
          {"foreign", s.instances.foreign},
          {"quarantined", s.instances.quarantined}}},
        {"attention", s.attention}};
    return dump_json_pretty(root);
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

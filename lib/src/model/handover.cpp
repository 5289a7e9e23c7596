#include "reeve/model/handover.hpp"

#include "json_fields.hpp"

#include <algorithm>

namespace reeve {
namespace {

using std::chrono::milliseconds;

constexpr int highest_descriptor = 1 << 24;  // no limit on open files is as large

// A text that we have made ourselves, as a part of another.
OrderedJson part(const std::string& text) { return OrderedJson::parse(text, nullptr, false); }

OrderedJson json_of(const HandedProcess& process) {
    return {{"anchor", process.anchor},       {"link", process.link},
            {"output", process.output},       {"between_lines", process.between_lines},
            {"log_inode", process.log_inode}, {"log_offset", process.log_offset},
            {"notify", process.notify},       {"notified_ready", process.notified_ready},
            {"beats", process.beats}};
}

OrderedJson json_of(const HandedSession& session) {
    OrderedJson json{{"wanted", session.wanted},
                     {"lives", session.lives},
                     {"lives_before_start", session.lives_before_start},
                     {"ran_ms", session.ran.count()}};
    if (session.pause_left) json["pause_left_ms"] = session.pause_left->count();
    if (session.process) json["process"] = json_of(*session.process);
    return json;
}

bool flag(const Json& object, const char* name, bool otherwise) {
    const auto it = object.is_object() ? object.find(name) : object.end();
    return it != object.end() && it->is_boolean() ? it->get<bool>() : otherwise;
}

int small_number(const Json& object, const char* name, int lowest, int otherwise) {
    const auto value = int_field(object, name).value_or(otherwise);
    return value >= lowest && value <= highest_descriptor ? static_cast<int>(value) : otherwise;
}

// 0, 1 and 2 are not ours to take.
int descriptor(const Json& object, const char* name) { return small_number(object, name, 3, -1); }

std::optional<milliseconds> duration(const Json& object, const char* name) {
    const auto value = int_field(object, name);
    return value && *value >= 0 ? std::optional(milliseconds(*value)) : std::nullopt;
}

HandedProcess process_from(const Json& object) {
    HandedProcess process;
    process.anchor = static_cast<pid_t>(
        std::clamp<std::int64_t>(int_field(object, "anchor").value_or(-1), -1, std::int64_t{1} << 30));
    process.link = descriptor(object, "link");
    process.output = descriptor(object, "output");
    process.between_lines = flag(object, "between_lines", true);
    process.log_inode = uint_field(object, "log_inode").value_or(0);
    process.log_offset = uint_field(object, "log_offset").value_or(0);
    process.notify = descriptor(object, "notify");
    process.notified_ready = flag(object, "notified_ready", false);
    process.beats = uint_field(object, "beats").value_or(0);
    return process;
}

HandedSession session_from(const Json& object) {
    HandedSession session;
    session.wanted = flag(object, "wanted", false);
    session.lives = small_number(object, "lives", 0, 0);
    session.lives_before_start = small_number(object, "lives_before_start", 0, 0);
    session.ran = duration(object, "ran_ms").value_or(milliseconds(0));
    session.pause_left = duration(object, "pause_left_ms");
    if (const Json* process = object_field(object, "process")) session.process = process_from(*process);
    return session;
}

}  // namespace

std::vector<int> Handover::descriptors() const {
    std::vector<int> all{lock, control};
    for (const auto& [name, session] : sessions) {
        if (!session.process) continue;
        all.insert(all.end(), {session.process->link, session.process->output, session.process->notify});
    }
    std::erase_if(all, [](int fd) { return fd < 0; });
    return all;
}

std::string to_json(const Handover& handover) {
    OrderedJson sessions = OrderedJson::object();
    for (const auto& [name, session] : handover.sessions) sessions[name.value] = json_of(session);
    OrderedJson json{{"schema_version", 1},
                     {"lock", handover.lock},
                     {"control", handover.control},
                     {"config_path", handover.config_path}};
    if (handover.config) json["config"] = *handover.config;
    if (handover.open_files_soft) json["open_files_soft"] = *handover.open_files_soft;
    if (handover.open_files_hard) json["open_files_hard"] = *handover.open_files_hard;
    json["sessions"] = std::move(sessions);
    json["record"] = part(to_json(handover.record));
    json["status"] = part(to_json(handover.status));
    return dump_json_pretty(json);
}

Result<Handover> handover_from_json(std::string_view text) {
    const std::string what = "reading what the former program has left";
    TRY(const Json json, parse_json(text, what));
    const auto missing = [&](const char* name) {
        return Error(Errc::invalid_data, what, std::string("\"") + name + "\" is missing or wrong");
    };
    Handover handover;
    handover.lock = descriptor(json, "lock");
    if (handover.lock < 0) return missing("lock");
    handover.control = descriptor(json, "control");
    if (handover.control < 0) return missing("control");
    handover.config = string_field(json, "config");
    handover.config_path = string_field(json, "config_path").value_or("");
    handover.open_files_soft = uint_field(json, "open_files_soft");
    handover.open_files_hard = uint_field(json, "open_files_hard");
    const Json* record = object_field(json, "record");
    if (record == nullptr) return missing("record");
    TRY(handover.record, instance_record_from_json(dump_json(*record)));
    const Json* status = object_field(json, "status");
    if (status == nullptr) return missing("status");
    TRY(handover.status, status_snapshot_from_json(dump_json(*status)));
    const Json* sessions = object_field(json, "sessions");
    if (sessions == nullptr) return missing("sessions");
    for (const auto& [name, session] : sessions->items()) {
        if (!is_session_name(name)) return missing("sessions");
        handover.sessions.emplace(SessionName{name}, session_from(session));
    }
    return handover;
}

}  // namespace reeve

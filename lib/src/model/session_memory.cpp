#include "reeve/model/session_memory.hpp"

#include "json_text.hpp"
#include "reeve/base/time_text.hpp"

#include <algorithm>

namespace reeve {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock::time_point;

constexpr std::size_t most_restarts = 1000;

std::int64_t uptime_of(Steady time) { return duration_cast<milliseconds>(time.time_since_epoch()).count(); }

OrderedJson json_of(Steady time, const Moment& now) {
    const auto age = duration_cast<milliseconds>(now.steady - time);
    return {{"at", to_rfc3339(now.wall - age)}, {"uptime_ms", uptime_of(time)}};
}

// Nothing when it says no time at all.
std::optional<Steady> time_from(const Json& object, bool same_boot, const Moment& now) {
    if (same_boot) {
        const auto uptime = int_field(object, "uptime_ms");
        if (!uptime || *uptime < 0) return std::nullopt;
        const auto age = milliseconds(std::max<std::int64_t>(uptime_of(now.steady) - *uptime, 0));
        return now.steady - age;
    }
    const auto at = from_rfc3339(string_field(object, "at").value_or(""));
    if (!at) return std::nullopt;
    const auto age = duration_cast<milliseconds>(now.wall - *at);
    return now.steady - std::clamp<milliseconds>(age, milliseconds(0), std::chrono::hours(24 * 366));
}

OrderedJson json_of(const SessionMemory& memory, const Moment& now) {
    OrderedJson restarts = OrderedJson::array();
    const auto& recent = memory.budget.recent;
    for (std::size_t i = recent.size() - std::min(recent.size(), most_restarts); i < recent.size(); ++i)
        restarts.push_back(json_of(recent[i], now));
    OrderedJson gave_up = nullptr;
    if (memory.budget.gave_up) {
        gave_up = json_of(memory.budget.gave_up->at, now);
        gave_up["why"] = memory.budget.gave_up->why;
    }
    return {{"stopped_by_hand", memory.stopped_by_hand},
            {"in_a_row", memory.budget.in_a_row},
            {"restarts", restarts},
            {"gave_up", gave_up}};
}

SessionMemory memory_from(const Json& object, bool same_boot, const Moment& now) {
    SessionMemory memory;
    const auto stopped = object.is_object() ? object.find("stopped_by_hand") : object.end();
    memory.stopped_by_hand = stopped != object.end() && stopped->is_boolean() && stopped->get<bool>();
    memory.budget.in_a_row =
        static_cast<int>(std::clamp<std::int64_t>(int_field(object, "in_a_row").value_or(0), 0, 1'000'000));
    if (const Json* restarts = array_field(object, "restarts")) {
        for (const Json& item : *restarts) {
            if (memory.budget.recent.size() == most_restarts) break;
            if (const auto time = time_from(item, same_boot, now)) memory.budget.recent.push_back(*time);
        }
    }
    std::sort(memory.budget.recent.begin(), memory.budget.recent.end());
    if (const Json* gave_up = object_field(object, "gave_up")) {
        if (const auto at = time_from(*gave_up, same_boot, now))
            memory.budget.gave_up = RestartBudget::GaveUp{*at, string_field(*gave_up, "why").value_or("")};
    }
    return memory;
}

}  // namespace

std::string to_json(const SessionMemories& memories, const Moment& now) {
    OrderedJson sessions = OrderedJson::object();
    for (const auto& [name, memory] : memories) {
        if (!(memory == SessionMemory{})) sessions[name.value] = json_of(memory, now);
    }
    return dump_json_pretty(
        OrderedJson{{"schema_version", 1}, {"boot_id", now.boot_id}, {"sessions", sessions}});
}

Result<SessionMemories> session_memories_from_json(std::string_view text, const Moment& now) {
    const std::string what = "reading what is remembered of sessions";
    TRY(const Json root, parse_json(text, what));
    const Json* sessions = object_field(root, "sessions");
    if (sessions == nullptr) return Error(Errc::invalid_data, what, "\"sessions\" is missing");
    const bool same_boot = !now.boot_id.empty() && string_field(root, "boot_id") == now.boot_id;
    SessionMemories memories;
    for (const auto& [name, object] : sessions->items()) {
        if (is_session_name(name)) memories[{name}] = memory_from(object, same_boot, now);
    }
    return memories;
}

}  // namespace reeve

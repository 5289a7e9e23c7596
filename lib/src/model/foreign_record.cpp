#include "reeve/model/foreign_record.hpp"

#include "json_fields.hpp"

namespace reeve {
namespace {

using Need = JsonFields::Need;

// A process's start on the wall clock is good to a second, and the clock may have been slewed since.
constexpr double clock_tolerance = 1.0;

}  // namespace

Result<ForeignRecord> foreign_record_from_json(std::string_view text) {
    const std::string what = "reading a record of another program";
    TRY(const Json json, parse_json(text, what));
    JsonFields fields(json, "");
    ForeignRecord record;
    record.instance_id.value = fields.text("instance_id", Need::required);
    if (!is_uuid(record.instance_id.value)) fields.refuse("instance_id", "is no UUID");
    record.pid = fields.pid("pid", Need::required, 1);
    (void)fields.text("started_at", Need::required);  // without a zone: good for people only
    const Json* processes = json.contains("python_processes") ? fields.object("python_processes") : nullptr;
    if (fields.problem()) return Error(Errc::invalid_data, what, *fields.problem());
    if (processes == nullptr) return record;
    JsonFields pids(*processes, "python_processes");
    for (const auto& [name, pid] : processes->items()) {
        record.processes[name] = pids.pid(name.c_str(), Need::required, 2);
    }
    if (pids.problem()) return Error(Errc::invalid_data, what, *pids.problem());
    return record;
}

OwnerState judge_by_clock(ProcessSeen::State seen, std::optional<double> started, double written,
                          double now) {
    switch (seen) {
        case ProcessSeen::State::absent:
        case ProcessSeen::State::zombie:
            return OwnerState::dead;
        case ProcessSeen::State::hidden:
            return OwnerState::unknown;
        case ProcessSeen::State::running:
            break;
    }
    const bool clock_went_back = written > now + clock_tolerance;
    if (!started || clock_went_back) return OwnerState::unknown;
    return *started + clock_tolerance <= written ? OwnerState::alive : OwnerState::unknown;
}

}  // namespace reeve

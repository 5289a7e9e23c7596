#include "doctor/finding.hpp"
#include "reeve/model/status_snapshot.hpp"
#include "reeve/os/files.hpp"

#include <algorithm>

namespace reeve {

Findings check_crashes(const Patient& patient) {
    const std::string look = "see " + patient.store.own_log().string();
    if (patient.supervised) {
        const auto text = read_file(patient.store.status());
        const auto status = text.ok() ? status_snapshot_from_json(*text) : Result<StatusSnapshot>();
        if (status.ok() && status->state == SupervisorState::safe) {
            return {failure("crashes",
                            "safe mode: the supervisor had crashed again and again, so nothing was started",
                            look + ", then reeve start NAME, or stop and start the supervisor")};
        }
    }
    const auto noted = read_file(patient.store.crashes(), 4096);
    const auto count = noted.ok() ? std::count(noted->begin(), noted->end(), '\n') : 0;
    if (count == 0) return {well("crashes", "none is noted")};
    return {warning("crashes",
                    "the supervisor crashed " + std::to_string(count) + " times in a minute, not long ago",
                    look)};
}

}  // namespace reeve

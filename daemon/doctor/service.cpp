#include "doctor/finding.hpp"
#include "service/plan.hpp"

#include <unistd.h>

namespace reeve {
namespace {

// Without a file of this user's own it may be the package's.
Finding without_file(const std::string& again) {
    const auto state = ask_service_manager();
    if (!state.ok() || !state->enabled)
        return warning("service", "it is not installed, so nothing starts reeve at login", again);
    return well("service", state->file.empty() ? "enabled" : state->file);
}

Finding check_file(const Patient& patient) {
    const std::string again = "reeve service install";
    Options options;
    options.store = patient.option;
    const auto plan = plan_service(options);
    if (!plan.ok()) return failure("service", plan.error().message(), plan.error().fix());
    if (!plan->present) return without_file(again);
    const std::string path = plan->file.path.string();
    const std::vector<std::string> command = command_of_service(plan->text.value_or(""));
    const std::string starts = command.empty() ? "nothing" : command.front();
    if (has_unreadable_command(plan->text.value_or("")))
        return warning("service", path + " is not what this version would install",
                       "compare it with: reeve service install --dry-run");
    if (::access(starts.c_str(), X_OK) != 0)
        return failure("service", path + " starts " + starts + ", which is not there", again);
    if (plan->store != patient.store.root)
        return warning("service", path + " starts reeve with another store, " + plan->store.string(),
                       "reeve --store '" + plan->store.string() + "' doctor");
    if (!plan->current) return warning("service", path + " is not what this version would install", again);
    return well("service", path);
}

}  // namespace

Findings check_service(const Patient& patient) {
    Findings found{check_file(patient)};
    if (const auto lingers = services_linger()) {
        found.push_back(*lingers ? well("linger", "services run without an open session")
                                 : warning("linger", "services end with your last session", how_to_linger()));
    }
    return found;
}

}  // namespace reeve

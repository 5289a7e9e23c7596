#include "service/service.hpp"

#include "doctor/finding.hpp"
#include "installed_program.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/paths.hpp"

#include <unistd.h>

namespace reeve {
namespace {

Finding check_file(const Patient& patient) {
    const std::string again = "reeve service install";
    const auto program = installed_program();
    if (!program.ok()) return failure("service", program.error().message(), program.error().fix());
    const auto usual = default_state_directory();
    std::error_code ignored;
    const bool is_usual =
        usual.ok() && std::filesystem::weakly_canonical(*usual, ignored) == patient.store.root;
    const auto wanted =
        wanted_service_file(*program, is_usual ? std::nullopt : std::optional(patient.store.root));
    if (!wanted.ok()) return failure("service", wanted.error().message(), wanted.error().fix());
    const auto text = read_file(wanted->path);
    if (!text.ok()) return warning("service", "it is not installed, so nothing starts reeve at login", again);
    const std::string starts = program_started_by(*text);
    if (::access(starts.c_str(), X_OK) != 0)
        return failure("service", wanted->path.string() + " starts " + starts + ", which is not there",
                       again);
    if (*text != wanted->text)
        return warning("service", wanted->path.string() + " is not what this version would install", again);
    return well("service", wanted->path.string());
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

#include "reeve/os/paths.hpp"

namespace reeve {

Result<std::filesystem::path> default_state_directory() {
    if (const auto state = environment_directory("XDG_STATE_HOME")) return *state / "reeve";
    TRY(const std::filesystem::path home, home_directory());
    return home / ".local" / "state" / "reeve";
}

}  // namespace reeve

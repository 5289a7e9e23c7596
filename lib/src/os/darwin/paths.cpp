#include "reeve/os/paths.hpp"

namespace reeve {

Result<std::filesystem::path> default_state_directory() {
    TRY(const std::filesystem::path home, home_directory());
    return home / "Library" / "Application Support" / "reeve";
}

}  // namespace reeve

#include "installed_program.hpp"

#include "reeve/os/own_program.hpp"
#include "reeve/os/paths.hpp"

#include <string>
#include <system_error>

namespace reeve {

Result<std::filesystem::path> installed_program() {
    TRY(const std::filesystem::path own, own_program());
    const std::string path = environment_value("PATH").value_or("");
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        const std::filesystem::path folder = path.substr(at, end - at);
        at = end + 1;
        if (!folder.is_absolute()) continue;
        std::error_code ignored;
        if (std::filesystem::equivalent(folder / "reeve", own, ignored)) return folder / "reeve";
    }
    return own;
}

}  // namespace reeve

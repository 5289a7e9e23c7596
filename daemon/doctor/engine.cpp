#include "call_program.hpp"
#include "doctor/finding.hpp"
#include "reeve/engine/docker_cli.hpp"

#include <algorithm>

namespace reeve {

Findings check_engine(const Patient& patient) {
    using namespace std::chrono_literals;
    const bool needed = std::any_of(patient.config.sessions.begin(), patient.config.sessions.end(),
                                    [](const auto& entry) { return !entry.second.image.empty(); });
    EngineConfig config = patient.config.engine;
    config.timeout = std::min<std::chrono::milliseconds>(config.timeout, 10s);
    const auto engine = make_engine(config);
    const auto info = run_to_end(engine->info());
    if (info.ok()) return {well("engine", config.command + " answers, version " + info->version)};
    const std::string fix =
        info.error().fix().empty() ? "start it, and see that this user may use it" : info.error().fix();
    const std::string why = config.command + ": " + info.error().why();
    if (needed) return {failure("engine", why, fix)};
    return {warning("engine", why + " (no session needs it)", fix)};
}

}  // namespace reeve

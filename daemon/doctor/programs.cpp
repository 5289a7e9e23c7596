#include "anchor_program.hpp"
#include "call_program.hpp"
#include "doctor/finding.hpp"
#include "version.hpp"

namespace reeve {

Findings check_programs() {
    using namespace std::chrono_literals;
    const auto anchor = find_anchor();
    if (!anchor.ok()) return {failure("reeve-anchor", anchor.error().why(), anchor.error().fix())};
    const std::string reinstall = "install reeve again, with both of its programs";
    const auto said = output_of({anchor->string(), "--version"}, 10s);
    if (!said.ok())
        return {
            failure("reeve-anchor", anchor->string() + " does not run: " + said.error().why(), reinstall)};
    if (*said != std::string("reeve-anchor ") + version + "\n")
        return {failure("reeve-anchor", anchor->string() + " is of another version than reeve " + version,
                        reinstall)};
    return {well("reeve-anchor", anchor->string() + ", version " + version)};
}

}  // namespace reeve

// `reeve service` as macOS has it, built here: the launch agent and launchctl in the place of the unit and
// systemctl. usage: darwin_service_program install|uninstall|status [--now] [--dry-run]
#include "commands/service.hpp"
#include "options.hpp"

#include <string_view>

int main(int argc, char** argv) {
    reeve::Options options;
    for (int at = 1; at < argc; ++at) {
        const std::string_view word = argv[at];
        if (word == "--now")
            options.now = true;
        else if (word == "--dry-run")
            options.dry_run = true;
        else
            options.action = word;
    }
    options.json = options.action == "status";
    return reeve::run_service(options);
}

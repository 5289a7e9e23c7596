// The service that starts reeve for this user: the file, and what the service manager says of it.
//
// Linux: a unit of the user's systemd. macOS: a launch agent. There is a source for each system.
#pragma once

#include "reeve/base/result.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

// The template of the file, as the packages install it too.
std::string_view service_template();

struct ServiceFile {
    std::filesystem::path path;
    std::string text;
};

// What `program` as this user's service needs. `store`: given to it by name when it is not the default one.
Result<ServiceFile> wanted_service_file(const std::filesystem::path& program,
                                        const std::optional<std::filesystem::path>& store);

// One step of the service manager's command line.
struct ServiceCall {
    std::vector<std::string> words;
    // A failure that says one of these says that there was nothing to do.
    std::vector<std::string> nothing_to_do = {};
};

// After the file was written, and around its removal. What runs already is not stopped by the first.
std::vector<ServiceCall> calls_to_enable(const std::filesystem::path& file, bool now);
std::vector<ServiceCall> calls_to_disable(const std::filesystem::path& file);
std::vector<ServiceCall> calls_after_removal();
// What makes a running service take a changed file.
std::string how_to_restart(const std::filesystem::path& file);

struct ServiceState {
    bool enabled = false, active = false;
};
// Errc::failed or Errc::not_found: the manager cannot be asked, with its words.
Result<ServiceState> ask_service_manager();

// Whether the user's services run without an open session; nothing where that is no question.
std::optional<bool> services_linger();
// What mends that.
std::string how_to_linger();

// The PATH that the service gets; nothing when nobody can tell.
std::optional<std::string> service_search_path();

// The program that an installed file starts; empty when it names none.
std::string program_started_by(std::string_view text);

// What the user's own settings beside the file are, which `uninstall` leaves alone: systemctl edit.
std::vector<std::filesystem::path> settings_beside(const std::filesystem::path& file);

}  // namespace reeve

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

// What the service runs with. All absolute.
struct ServiceWish {
    std::filesystem::path program;
    std::filesystem::path store;  // named in the file when the service would not find it by itself
    std::optional<std::filesystem::path> config;  // none: where it looks by itself
};

Result<std::filesystem::path> service_file_path();
Result<std::string> service_file_text(const ServiceWish& wish);
// The words of the command that an installed file starts, the program first; none when it names none, or when
// somebody has written it in a way that service_file_text() does not.
std::vector<std::string> command_of_service(std::string_view text);
// Whether there is such a command that cannot be read.
bool has_unreadable_command(std::string_view text);

// Before anything is written: whether the manager answers this shell at all, and reads files in the place of
// ours.
Status service_manager_is_ready(const std::filesystem::path& file);
// Helps a shell that was not opened by a login to its user's manager.
void reach_service_manager();

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
    std::string file;  // which the manager uses; empty when it does not say
};
// Errc::failed or Errc::not_found: the manager cannot be asked, with its words.
Result<ServiceState> ask_service_manager();

// Whether the user's services run without an open session; nothing where that is no question.
std::optional<bool> services_linger();
// What mends that.
std::string how_to_linger();

// The PATH that the service gets; nothing when nobody can tell.
std::optional<std::string> service_search_path();

// What the user's own settings beside the file are, which `uninstall` leaves alone: systemctl edit.
std::vector<std::filesystem::path> settings_beside(const std::filesystem::path& file);

}  // namespace reeve

// Where a user's files live on this system.
//
// Thread rule: any thread, as long as nobody changes the environment meanwhile.
#pragma once

#include "reeve/base/result.hpp"

#include <filesystem>
#include <optional>

namespace reeve {

// The value of an environment variable; one that is set and empty counts as unset.
std::optional<std::string> environment_value(const char* name);
// The same for a variable that holds a path. The XDG rules say that a relative one is to be ignored.
std::optional<std::filesystem::path> environment_directory(const char* name);

// $HOME, else what the user database says.
Result<std::filesystem::path> home_directory();

// Where Reeve's state goes when nobody says otherwise. Linux: $XDG_STATE_HOME/reeve, else
// ~/.local/state/reeve. macOS: ~/Library/Application Support/reeve.
Result<std::filesystem::path> default_state_directory();

// Places for sockets whose own path is too long. They touch nothing: the directory may be missing, or be
// somebody else's. The first is $XDG_RUNTIME_DIR, else the second, /tmp/reeve-<uid>, which is always short.
std::filesystem::path runtime_directory();
std::filesystem::path private_temporary_directory();

// A directory that is ours and that nobody else can write: made with mode 0700 when it is missing, with
// everything above it, and refused (Errc::refused, with the fix) otherwise. A link is not followed.
Status make_private_directory(const std::filesystem::path& directory);
// The check alone. Errc::not_found when it is missing.
Status check_private_directory(const std::filesystem::path& directory);

}  // namespace reeve

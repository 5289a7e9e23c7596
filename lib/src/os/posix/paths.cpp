#include "reeve/os/paths.hpp"

#include "open_regular.hpp"
#include "reeve/os/files.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

namespace reeve {

std::optional<std::string> environment_value(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): see the thread rule
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
}

std::optional<std::filesystem::path> environment_directory(const char* name) {
    const auto value = environment_value(name);
    if (!value || !value->starts_with('/')) return std::nullopt;
    return *value;
}

Result<std::filesystem::path> home_directory() {
    if (const auto home = environment_directory("HOME")) return *home;
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> text(16 * 1024);
    const int failed = ::getpwuid_r(::geteuid(), &entry, text.data(), text.size(), &found);
    if (failed == 0 && found != nullptr && entry.pw_dir != nullptr && *entry.pw_dir == '/') {
        return std::filesystem::path(entry.pw_dir);
    }
    return Error(Errc::not_found, "finding the home directory",
                 "HOME is not set, and the user database has none for user " + std::to_string(::geteuid()),
                 "set HOME, or say where the store is with --store");
}

std::filesystem::path runtime_directory() {
    if (auto directory = environment_directory("XDG_RUNTIME_DIR")) return *directory;
    return private_temporary_directory();
}

// Not $TMPDIR: on macOS that is long, and it differs between a terminal and a service.
std::filesystem::path private_temporary_directory() { return "/tmp/reeve-" + std::to_string(::geteuid()); }

Status check_private_directory(const std::filesystem::path& directory) {
    const std::string doing = "using " + directory.string();
    const auto refused = [&](std::string why, std::string fix) {
        return Error(Errc::refused, doing, std::move(why), std::move(fix));
    };
    const std::string name = "'" + directory.string() + "'";
    struct stat seen {};
    if (::lstat(directory.c_str(), &seen) != 0) {
        if (errno == ENOENT) return Error(Errc::not_found, doing, "there is no such directory");
        return Error::from_errno(doing);
    }
    if (!S_ISDIR(seen.st_mode)) {
        return refused(S_ISLNK(seen.st_mode) ? "it is a symbolic link" : "it is no directory",
                       "remove it with 'rm " + name + "'");
    }
    if (seen.st_uid != ::geteuid()) {
        return refused("it belongs to user " + std::to_string(seen.st_uid) + ", and we are user " +
                           std::to_string(::geteuid()),
                       "run as that user, choose another store, or 'chown -R " + std::to_string(::geteuid()) +
                           " " + name + "'");
    }
    // With an access list the group bits show what anybody on the list may do (acl(5)), so this sees it too.
    if ((seen.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return refused("others than its owner can write it", "'chmod go-w " + name + "'");
    }
    return done;
}

Status make_private_directory(const std::filesystem::path& directory) {
    Status usable = check_private_directory(directory);
    if (usable.ok() || usable.error().code() != Errc::not_found) return usable;
    const std::string doing = "making " + directory.string();
    std::vector<std::filesystem::path> missing;
    for (auto path = directory; !path.empty(); path = path.parent_path()) {
        std::error_code failed;
        if (std::filesystem::exists(path, failed)) break;
        if (failed && failed != std::errc::no_such_file_or_directory) return Error(failed, doing);
        missing.push_back(path);
    }
    std::reverse(missing.begin(), missing.end());  // from the top
    for (const auto& path : missing) {
        // Somebody else may make it at the same time; the check below says whether it is good.
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Error::from_errno(doing);
        // The entry must survive a power cut as the files in it do: they hold the ids that our containers
        // bear.
        CHECK(sync_directory(directory_of(path)));
    }
    return check_private_directory(directory);
}

}  // namespace reeve

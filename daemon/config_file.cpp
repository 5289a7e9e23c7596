#include "config_file.hpp"

#include "reeve/base/unique_fd.hpp"
#include "reeve/core/env_files.hpp"
#include "reeve/os/files.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace reeve {
namespace {

// The parser refuses what is larger than 1 MiB in its own words.
constexpr std::size_t most_bytes = 2u * 1024 * 1024;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// Empty when the system knows none.
std::filesystem::path home_directory() {
    if (const std::string home = variable("HOME"); home.starts_with('/')) return home;
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 4096> buffer{};
    if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        return {};
    return entry.pw_dir;
}

struct Place {
    std::filesystem::path path;
    bool named = false;  // by a person: then it must be there
};

Result<Place> find_config_file(const std::optional<std::string>& option) {
    if (option) return Place{*option, true};
    if (const std::string named = variable("REEVE_CONFIG"); !named.empty()) return Place{named, true};
    // The XDG base directory specification has relative paths ignored.
    if (const std::string base = variable("XDG_CONFIG_HOME"); base.starts_with('/'))
        return Place{std::filesystem::path(base) / "reeve" / "reeve.json", false};
    const std::filesystem::path home = home_directory();
    if (home.empty()) {
        return Error(Errc::bad_config, "finding the configuration", "there is no home directory",
                     "set HOME, or name the file with --config");
    }
    return Place{home / ".config" / "reeve" / "reeve.json", false};
}

Error bad_config(const std::filesystem::path& path, std::string why, std::string fix) {
    return {Errc::bad_config, "reading the configuration " + path.string(), std::move(why), std::move(fix)};
}

// Nothing when it is not there. Links are followed: people keep their configuration in a repository and link
// to it. O_NONBLOCK, so that a FIFO cannot hang us.
Result<std::optional<std::string>> read_text(const std::filesystem::path& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::optional<std::string>();
    if (!file) {
        const std::error_code why(errno, std::generic_category());
        return bad_config(path, why.message(), "make it readable for the user who runs reeve");
    }
    struct stat seen {};
    if (::fstat(file.get(), &seen) != 0 || !S_ISREG(seen.st_mode)) {
        return bad_config(path, "it is not a file", "name a file, not a directory or a device");
    }
    auto text = read_fd(file.get(), "reading", most_bytes);
    if (!text) return bad_config(path, text.error().why(), "mend the file, or name another one");
    return std::optional(std::move(*text));
}

std::optional<std::string> why_not_env_file(const std::string& path) {
    const auto variables = read_env_files({path});
    if (variables.ok()) return std::nullopt;
    return variables.error().what() + ": " + variables.error().why();
}

ConfigSurroundings surroundings(LookAt look_at) {
    ConfigSurroundings around;
    around.variable = [](const std::string& name) {
        const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets it
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
    if (look_at == LookAt::files_too) around.why_not_env_file = why_not_env_file;
    return around;
}

}  // namespace

std::string ConfigFile::report() const {
    std::string lines;
    for (const ConfigProblem& problem : problems) lines += problem.message(path.string()) + "\n";
    return lines;
}

Result<ConfigFile> read_config_file(const std::optional<std::string>& option, LookAt look_at) {
    TRY(const Place place, find_config_file(option));
    TRY(std::optional<std::string> text, read_text(place.path));
    if (!text && place.named) {
        return bad_config(place.path, "there is no such file", "make it, or name another one with --config");
    }
    if (text) return config_of_text(place.path, std::move(*text), look_at);
    ConfigFile file;
    file.path = place.path;
    return file;
}

ConfigFile config_of_text(std::filesystem::path path, std::string text, LookAt look_at) {
    ConfigFile file;
    file.path = std::move(path);
    file.present = true;
    file.text = std::move(text);
    ParsedConfig parsed = parse_config(file.text, surroundings(look_at));
    file.config = std::move(parsed.config);
    file.problems = std::move(parsed.problems);
    return file;
}

}  // namespace reeve

#include "reeve/core/env_files.hpp"

#include "reeve/base/unique_fd.hpp"
#include "reeve/model/env_file.hpp"
#include "reeve/os/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>

namespace reeve {
namespace {

constexpr std::size_t most_bytes = 1024 * 1024;

Result<std::string> read(const std::string& path) {
    const std::string doing = "reading the env_file " + path;
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat seen {};
    if (!file || ::fstat(file.get(), &seen) != 0)
        return Error::from_errno(doing, "make it, or take it out of \"env_file\"");
    if (!S_ISREG(seen.st_mode)) return Error(Errc::refused, doing, "it is not a file", "name a file");
    return read_fd(file.get(), doing, most_bytes);
}

}  // namespace

std::string with_home(const std::string& path) {
    if (path != "~" && !path.starts_with("~/")) return path;
    const char* value = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody sets it while we run
    return (value != nullptr && *value != '\0' ? value : "/") + path.substr(1);
}

Result<std::map<std::string, std::string>> read_env_files(const std::vector<std::string>& paths) {
    std::map<std::string, std::string> all;
    for (const std::string& written : paths) {
        const std::string path = with_home(written);
        TRY(const std::string text, read(path));
        TRY(auto variables, parse_env_file(text, "the env_file " + path));
        for (auto& [name, value] : variables) all[name] = std::move(value);
    }
    return all;
}

Result<std::map<std::string, std::string>> variables_of(const SessionConfig& config) {
    TRY(auto variables, read_env_files(config.env_file));
    for (const auto& [name, value] : config.env) variables[name] = value;
    return variables;
}

}  // namespace reeve

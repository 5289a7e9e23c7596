#include "reeve/engine/tool.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace reeve {
namespace {

bool is_executable_file(const std::filesystem::path& path) {
    struct stat found;
    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

Result<std::filesystem::path> check_named_path(const std::string& name) {
    const std::string doing = "looking for the program " + name;
    std::error_code ec;
    const std::filesystem::path path = std::filesystem::absolute(name, ec);
    if (ec) return Error(ec, doing);
    if (!std::filesystem::exists(path, ec)) return Error(Errc::not_found, doing, "no such file");
    if (!is_executable_file(path))
        return Error(std::make_error_code(std::errc::permission_denied), doing, "not an executable file",
                     "check the name, or make it executable");
    return path;
}

}  // namespace

Result<std::filesystem::path> find_program(const std::string& name) {
    if (name.empty()) return Error(Errc::not_found, "looking for a program", "its name is empty");
    if (name.find('/') != std::string::npos) return check_named_path(name);

    const char* set = std::getenv("PATH");
    const std::string path = set != nullptr ? set : "/usr/local/bin:/usr/bin:/bin";
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t end = std::min(path.find(':', start), path.size());
        const std::filesystem::path folder = path.substr(start, end - start);
        start = end + 1;
        // A relative or empty entry means the current directory of whoever set it: never ours.
        if (folder.is_absolute() && is_executable_file(folder / name)) return folder / name;
    }
    return Error(Errc::not_found, "looking for the program " + name, "not on PATH (" + path + ")",
                 "install it, or give its absolute path");
}

}  // namespace reeve

// `spawn npx ENOENT`: what a person's shell finds, a service may not.
#include "call_program.hpp"
#include "doctor/finding.hpp"
#include "reeve/os/paths.hpp"
#include "service/service.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace reeve {
namespace {

std::vector<std::string> folders(const std::string& path) {
    std::vector<std::string> found;
    std::istringstream stream(path);
    for (std::string folder; std::getline(stream, folder, ':');) {
        if (!folder.empty() && std::find(found.begin(), found.end(), folder) == found.end())
            found.push_back(folder);
    }
    return found;
}

std::string login_shell() {
    if (const auto shell = environment_value("SHELL")) return *shell;
    const passwd* entry = ::getpwuid(::geteuid());  // NOLINT(concurrency-mt-unsafe): a command has one thread
    return entry != nullptr && entry->pw_shell != nullptr ? entry->pw_shell : "";
}

// As after a login, with nothing of the environment that we happen to have. What the user's files print
// besides does not begin with the mark.
Result<std::string> login_path(const Patient& patient, const std::string& shell) {
    constexpr std::string_view mark = "reeve-doctor-path=";
    TRY(const std::string said, output_of({"env", "-i", "HOME=" + patient.home.string(), "SHELL=" + shell,
                                           "TERM=dumb", "PATH=/usr/local/bin:/usr/bin:/bin", shell, "-l",
                                           "-c", "printf '\\n%s%s\\n' '" + std::string(mark) + "' \"$PATH\""},
                                          std::chrono::seconds(10)));
    std::istringstream lines(said);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(mark)) return line.substr(mark.size());
    }
    return Error(Errc::failed, "asking " + shell, "it did not print its PATH");
}

}  // namespace

Findings check_search_path(const Patient& patient) {
    const auto service = service_search_path();
    if (!service) return {well("PATH", "no service manager of this user to compare with")};
    const std::string shell = login_shell();
    if (!shell.starts_with('/')) return {well("PATH", "no login shell to compare with")};
    const auto login = login_path(patient, shell);
    if (!login.ok()) {
        return {warning("PATH", "the login shell does not tell its own: " + login.error().why(),
                        "see whether " + shell + " -l ends by itself")};
    }
    const auto known = folders(*service);
    std::string missing;
    for (const std::string& folder : folders(*login)) {
        std::error_code ignored;
        if (std::find(known.begin(), known.end(), folder) != known.end()) continue;
        if (std::filesystem::is_directory(folder, ignored)) missing += (missing.empty() ? "" : ", ") + folder;
    }
    if (missing.empty()) return {well("PATH", "services find what the login shell finds")};
    return {warning(
        "PATH", "services do not look in " + missing,
        "name programs by their absolute paths, or write PATH=... into ~/.config/environment.d/path.conf "
        "(macOS: into the launch agent)")};
}

}  // namespace reeve

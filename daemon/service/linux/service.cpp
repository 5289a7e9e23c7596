#include "service/service.hpp"

#include "call_program.hpp"
#include "reeve/os/paths.hpp"
#include "service/fill_template.hpp"

#include <unistd.h>

#include <sstream>

namespace reeve {
namespace {

using namespace std::chrono_literals;

constexpr const char* unit = "reeve.service";

// As systemd.service(5) wants a word of a command line: % begins a specifier, $ a variable.
std::string unit_word(const std::string& word) {
    std::string result = "\"";
    for (const char c : word) {
        if (c == '"' || c == '\\') result += '\\';
        if (c == '%' || c == '$') result += c;
        result += c;
    }
    return result + "\"";
}

// The program itself is not searched for variables, and is easier to read without quotes.
std::string unit_program(const std::string& path) {
    if (path.find_first_of(" \t\"'\\%$") == path.npos) return path;
    std::string result = "\"";
    for (const char c : path) {
        if (c == '"' || c == '\\') result += '\\';
        if (c == '%') result += c;
        result += c;
    }
    return result + "\"";
}

// The value behind NAME= in lines of a manager's answer.
std::optional<std::string> value_in(const std::string& lines, const std::string& name) {
    std::istringstream stream(lines);
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
    }
    return std::nullopt;
}

}  // namespace

Result<ServiceFile> wanted_service_file(const std::filesystem::path& program,
                                        const std::optional<std::filesystem::path>& store) {
    TRY(const std::filesystem::path home, home_directory());
    const auto settings = environment_directory("XDG_CONFIG_HOME").value_or(home / ".config");
    ServiceFile file;
    file.path = settings / "systemd/user" / unit;
    if (program.string().find('\n') != std::string::npos ||
        (store && store->string().find('\n') != std::string::npos)) {
        return Error(Errc::refused, "writing " + file.path.string(), "a path has a line break in it",
                     "use another place");
    }
    file.text = fill_template(service_template(),
                              {{"REEVE_PROGRAM", unit_program(program.string())},
                               {"REEVE_STORE_WORDS", store ? " --store " + unit_word(store->string()) : ""}});
    return file;
}

std::vector<ServiceCall> calls_to_enable(const std::filesystem::path& /*file*/, bool now) {
    std::vector<std::string> enable{"systemctl", "--user", "enable"};
    if (now) enable.emplace_back("--now");
    enable.emplace_back(unit);
    return {{{"systemctl", "--user", "daemon-reload"}}, {enable}};
}

std::vector<ServiceCall> calls_to_disable(const std::filesystem::path& /*file*/) {
    return {{{"systemctl", "--user", "disable", "--now", unit}}};
}

std::vector<ServiceCall> calls_after_removal() {
    return {{{"systemctl", "--user", "daemon-reload"}},
            {{"systemctl", "--user", "reset-failed", unit}, {"not loaded"}}};
}

std::string how_to_restart(const std::filesystem::path& /*file*/) {
    return std::string("systemctl --user restart ") + unit;
}

Result<ServiceState> ask_service_manager() {
    TRY(const std::string said,
        output_of({"systemctl", "--user", "show", "--property=UnitFileState,ActiveState", unit}, 10s));
    ServiceState state;
    state.enabled = value_in(said, "UnitFileState").value_or("").starts_with("enabled");
    const std::string active = value_in(said, "ActiveState").value_or("");
    state.active = active == "active" || active == "reloading";
    return state;
}

std::optional<bool> services_linger() {
    const auto said =
        output_of({"loginctl", "show-user", std::to_string(::geteuid()), "--property=Linger"}, 10s);
    if (!said.ok()) return std::nullopt;
    const auto value = value_in(*said, "Linger");
    return value ? std::optional(*value == "yes") : std::nullopt;
}

std::string how_to_linger() { return "loginctl enable-linger"; }

std::optional<std::string> service_search_path() {
    const auto said = output_of({"systemctl", "--user", "show-environment"}, 10s);
    return said.ok() ? value_in(*said, "PATH") : std::nullopt;
}

std::string program_started_by(std::string_view text) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        constexpr std::string_view key = "ExecStart=";
        if (!line.starts_with(key)) continue;
        std::string program;
        const bool in_quotes = line[key.size()] == '"';
        for (std::size_t at = key.size() + (in_quotes ? 1 : 0); at < line.size(); ++at) {
            if (line[at] == (in_quotes ? '"' : ' ')) break;
            const bool escaped = (line[at] == '\\' || line[at] == '%') && at + 1 < line.size();
            if (escaped) ++at;
            program += line[at];
        }
        return program;
    }
    return {};
}

std::vector<std::filesystem::path> settings_beside(const std::filesystem::path& file) {
    std::error_code ignored;
    const std::filesystem::path folder = file.string() + ".d";
    if (std::filesystem::exists(folder, ignored)) return {folder};
    return {};
}

}  // namespace reeve

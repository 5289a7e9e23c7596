#include "service/service.hpp"

#include "call_program.hpp"
#include "reeve/os/paths.hpp"
#include "service/fill_template.hpp"

#include <unistd.h>

#include <cstdlib>
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

Result<std::filesystem::path> service_file_path() {
    TRY(const std::filesystem::path home, home_directory());
    return environment_directory("XDG_CONFIG_HOME").value_or(home / ".config") / "systemd/user" / unit;
}

// The manager's environment is not that of a shell: what XDG_STATE_HOME says here need not be said there.
Result<std::string> service_file_text(const ServiceWish& wish) {
    TRY(const std::filesystem::path home, home_directory());
    std::error_code ignored;
    const std::filesystem::path usual = home / ".local/state/reeve";
    const bool is_usual =
        wish.store == usual || wish.store == std::filesystem::weakly_canonical(usual, ignored);
    const std::string store = is_usual ? "" : wish.store.string();
    const std::string config = wish.config ? wish.config->string() : "";
    if ((wish.program.string() + store + config).find('\n') != std::string::npos) {
        return Error(Errc::refused, std::string("writing ") + unit, "a path has a line break in it",
                     "use another place");
    }
    return fill_template(service_template(),
                         {{"REEVE_PROGRAM", unit_program(wish.program.string())},
                          {"REEVE_STORE_WORDS", store.empty() ? "" : " --store " + unit_word(store)},
                          {"REEVE_CONFIG_WORDS", config.empty() ? "" : " --config " + unit_word(config)}});
}

// A shell after su(1) or sudo(8) has neither, though a user who lingers has a manager. Source:
// pam_systemd(8).
void reach_service_manager() {
    const std::string runtime = "/run/user/" + std::to_string(::geteuid());
    if (environment_value("XDG_RUNTIME_DIR") || ::access((runtime + "/bus").c_str(), W_OK) != 0) return;
    ::setenv("XDG_RUNTIME_DIR", runtime.c_str(), 0);
    ::setenv("DBUS_SESSION_BUS_ADDRESS", ("unix:path=" + runtime + "/bus").c_str(), 0);
}

Status service_manager_is_ready(const std::filesystem::path& file) {
    const auto said = output_of({"systemctl", "--user", "show", "--property=UnitPath"}, 10s);
    if (!said.ok()) {
        return Error(
            said.error().code(), said.error().what(), said.error().why(),
            "log in as the user whose service it is (not by sudo or su), or first: " + how_to_linger());
    }
    const std::string folder = file.parent_path().string();
    const auto looked_through = value_in(*said, "UnitPath");
    if (!looked_through || (" " + *looked_through + " ").find(" " + folder + " ") != std::string::npos)
        return done;
    return Error(Errc::refused, "writing " + file.string(), "your systemd does not read units there",
                 "its XDG_CONFIG_HOME is another than this shell's: unset it here, or set it there as well "
                 "(environment.d(5))");
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
        output_of({"systemctl", "--user", "show", "--property=UnitFileState,ActiveState,FragmentPath", unit},
                  10s));
    ServiceState state;
    state.enabled = value_in(said, "UnitFileState").value_or("").starts_with("enabled");
    const std::string active = value_in(said, "ActiveState").value_or("");
    state.active = active == "active" || active == "reloading";
    state.file = value_in(said, "FragmentPath").value_or("");
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

// Reads what service_file_text() writes: words in double quotes or without any, and no specifier or variable,
// which only systemd can put a value for.
std::vector<std::string> command_of_service(std::string_view text) {
    std::vector<std::string> words;
    const std::string line = value_in(std::string(text), "ExecStart").value_or("");
    bool quoted = false;
    bool in_word = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (c == ' ' && !quoted) {
            in_word = false;
            continue;
        }
        if (!in_word) words.emplace_back();
        in_word = true;
        if (c == '"') {
            quoted = !quoted;
            continue;
        }
        const bool has_next = at + 1 < line.size();
        if (c == '%' || (c == '$' && words.size() > 1)) {
            if (!has_next || line[at + 1] != c) return {};
            ++at;
        } else if (c == '\\') {
            if (!has_next) return {};
            ++at;
        }
        words.back() += line[at];
    }
    return words;
}

bool has_unreadable_command(std::string_view text) {
    return value_in(std::string(text), "ExecStart").has_value() && command_of_service(text).empty();
}

std::vector<std::filesystem::path> settings_beside(const std::filesystem::path& file) {
    std::error_code ignored;
    const std::filesystem::path folder = file.string() + ".d";
    if (std::filesystem::exists(folder, ignored)) return {folder};
    return {};
}

}  // namespace reeve

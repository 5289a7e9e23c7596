#include "service/service.hpp"

#include "call_program.hpp"
#include "installed_program.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/paths.hpp"
#include "service/fill_template.hpp"

#include <unistd.h>

namespace reeve {
namespace {

using namespace std::chrono_literals;

constexpr const char* label = "local.reeve";

std::string domain() { return "gui/" + std::to_string(::geteuid()); }

std::string service() { return domain() + "/" + label; }

std::string xml_text(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '&')
            result += "&amp;";
        else if (c == '<')
            result += "&lt;";
        else if (c == '>')
            result += "&gt;";
        else
            result += c;
    }
    return result;
}

std::string plain_text(std::string text) {
    for (const auto& [escaped, plain] :
         {std::pair<std::string, std::string>{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}}) {
        for (std::size_t at = text.find(escaped); at != std::string::npos; at = text.find(escaped, at + 1))
            text.replace(at, escaped.size(), plain);
    }
    return text;
}

// The texts of the <string>s behind `key`, up to the end of its <array>, or the first alone.
std::vector<std::string> strings_behind(std::string_view text, std::string_view key) {
    std::vector<std::string> strings;
    const std::size_t begin = text.find(key);
    if (begin == text.npos) return strings;
    const std::string_view rest = text.substr(begin + key.size());
    const std::size_t first = rest.find("<string>");
    const bool is_list = rest.find("<array>") < first;
    const std::size_t end = is_list ? rest.find("</array>") : rest.find("</string>") + 9;
    const std::string_view part = rest.substr(0, end);
    for (std::size_t at = part.find("<string>"); at != part.npos; at = part.find("<string>", at)) {
        const std::size_t close = part.find("</string>", at);
        if (close == part.npos) break;
        strings.push_back(plain_text(std::string(part.substr(at + 8, close - at - 8))));
        at = close;
    }
    return strings;
}

std::string option_words(const std::string& option, const std::string& value) {
    return "\n        <string>" + option + "</string>\n        <string>" + xml_text(value) + "</string>";
}

std::string filled_template(const std::filesystem::path& program, const std::string& store_words,
                            const std::string& config_words) {
    return fill_template(service_template(), {{"REEVE_PROGRAM", xml_text(program.string())},
                                              {"REEVE_BIN_FOLDER", xml_text(program.parent_path().string())},
                                              {"REEVE_STORE_WORDS", store_words},
                                              {"REEVE_CONFIG_WORDS", config_words}});
}

Result<bool> is_loaded() {
    TRY(const ToolResult said, call_program({"launchctl", "print", service()}, 10s));
    return said.exit_code == 0;
}

// Lines are `"label" => disabled`, or `=> true` in older versions. Source: launchctl(1).
bool is_disabled(const std::string& said) {
    const std::size_t at = said.find('"' + std::string(label) + '"');
    if (at == said.npos) return false;
    const std::string line = said.substr(at, said.find('\n', at) - at);
    return line.find("=> disabled") != line.npos || line.find("=> true") != line.npos;
}

}  // namespace

Result<std::filesystem::path> service_file_path() {
    TRY(const std::filesystem::path home, home_directory());
    return home / "Library/LaunchAgents" / (std::string(label) + ".plist");
}

Result<std::string> service_file_text(const ServiceWish& wish) {
    TRY(const std::filesystem::path usual, default_state_directory());
    std::error_code ignored;
    const bool is_usual =
        wish.store == usual || wish.store == std::filesystem::weakly_canonical(usual, ignored);
    return filled_template(wish.program, is_usual ? "" : option_words("--store", wish.store.string()),
                           wish.config ? option_words("--config", wish.config->string()) : "");
}

void reach_service_manager() {}

Status service_manager_is_ready(const std::filesystem::path& /*file*/) { return done; }

// launchd reads a file when it is bootstrapped only, and starts it then: RunAtLoad. Without `now` it waits
// for the next login. What is loaded already is started where it does not run, and left alone where it does.
std::vector<ServiceCall> calls_to_enable(const std::filesystem::path& file, bool now) {
    std::vector<ServiceCall> calls{{{"launchctl", "enable", service()}}};
    if (!now) return calls;
    const auto loaded = is_loaded();
    const auto before = ask_service_manager();
    if (!loaded.ok() || !*loaded)
        calls.push_back({{"launchctl", "bootstrap", domain(), file.string()}});
    else if (!before.ok() || !before->active)
        calls.push_back({{"launchctl", "kickstart", service()}});
    return calls;
}

std::vector<ServiceCall> calls_to_disable(const std::filesystem::path& /*file*/) {
    return {{{"launchctl", "bootout", service()}, {"No such process", "Could not find"}}};
}

std::vector<ServiceCall> calls_after_removal() { return {}; }

std::string how_to_restart(const std::filesystem::path& file) {
    return "launchctl bootout " + service() + "; launchctl bootstrap " + domain() + " '" + file.string() +
           "'";
}

Result<ServiceState> ask_service_manager() {
    TRY(const ToolResult said, call_program({"launchctl", "print", service()}, 10s));
    ServiceState state;
    state.active = said.exit_code == 0 && said.out.find("state = running") != std::string::npos;
    // Read at every login, unless it was disabled.
    TRY(const std::filesystem::path file, service_file_path());
    TRY(const ToolResult disabled, call_program({"launchctl", "print-disabled", domain()}, 10s));
    std::error_code ignored;
    state.enabled = std::filesystem::exists(file, ignored) && !is_disabled(disabled.out);
    return state;
}

std::optional<bool> services_linger() { return std::nullopt; }

std::string how_to_linger() { return {}; }

std::optional<std::string> service_search_path() {
    const auto file = service_file_path();
    const auto installed = file.ok() ? read_file(*file) : Result<std::string>(file.error());
    const auto program = installed_program();
    std::string text = installed.ok() ? *installed : std::string();
    if (text.empty() && program.ok()) text = filled_template(*program, "", "");
    const std::vector<std::string> found = strings_behind(text, "<key>PATH</key>");
    return found.empty() ? std::nullopt : std::optional(found.front());
}

std::vector<std::string> command_of_service(std::string_view text) {
    return strings_behind(text, "<key>ProgramArguments</key>");
}

bool has_unreadable_command(std::string_view /*text*/) { return false; }

std::vector<std::filesystem::path> settings_beside(const std::filesystem::path& /*file*/) { return {}; }

}  // namespace reeve

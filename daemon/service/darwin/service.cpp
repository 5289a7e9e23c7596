#include "service/service.hpp"

#include "call_program.hpp"
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

// The text of the first <string> behind `key`.
std::string string_behind(std::string_view text, std::string_view key) {
    const std::size_t at = text.find(key);
    if (at == text.npos) return {};
    const std::size_t open = text.find("<string>", at);
    const std::size_t close = text.find("</string>", at);
    if (open == text.npos || close == text.npos || close < open) return {};
    return plain_text(std::string(text.substr(open + 8, close - open - 8)));
}

}  // namespace

Result<ServiceFile> wanted_service_file(const std::filesystem::path& program,
                                        const std::optional<std::filesystem::path>& store) {
    TRY(const std::filesystem::path home, home_directory());
    ServiceFile file;
    file.path = home / "Library/LaunchAgents" / (std::string(label) + ".plist");
    const std::string words = store ? "\n        <string>--store</string>\n        <string>" +
                                          xml_text(store->string()) + "</string>"
                                    : "";
    file.text =
        fill_template(service_template(), {{"REEVE_PROGRAM", xml_text(program.string())},
                                           {"REEVE_BIN_FOLDER", xml_text(program.parent_path().string())},
                                           {"REEVE_STORE_WORDS", words}});
    return file;
}

// launchd reads a file when it is bootstrapped only, and starts it then: RunAtLoad. Without `now` it waits
// for the next login. What is loaded already is started where it does not run, and left alone where it does.
std::vector<ServiceCall> calls_to_enable(const std::filesystem::path& file, bool now) {
    std::vector<ServiceCall> calls{{{"launchctl", "enable", service()}}};
    if (!now) return calls;
    const auto before = ask_service_manager();
    if (!before.ok() || !before->enabled)
        calls.push_back({{"launchctl", "bootstrap", domain(), file.string()}});
    else if (!before->active)
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
    state.enabled = said.exit_code == 0;
    state.active = said.out.find("state = running") != std::string::npos;
    return state;
}

std::optional<bool> services_linger() { return std::nullopt; }

std::string how_to_linger() { return {}; }

std::optional<std::string> service_search_path() {
    const std::string path = string_behind(service_template(), "<key>PATH</key>");
    return path.empty() ? std::nullopt : std::optional(path);
}

std::string program_started_by(std::string_view text) {
    return string_behind(text, "<key>ProgramArguments</key>");
}

std::vector<std::filesystem::path> settings_beside(const std::filesystem::path& /*file*/) { return {}; }

}  // namespace reeve

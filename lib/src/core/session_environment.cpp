#include "reeve/core/process_runner.hpp"
#include "reeve/model/labels.hpp"

#include <unistd.h>

#include <string_view>

extern char** environ;  // unistd.h of macOS does not say so

namespace reeve {

std::vector<std::string> session_environment(const std::map<std::string, std::string>& own,
                                             const StorePaths& paths, const InstanceId& instance,
                                             const SessionName& name) {
    // Pieces of our own environment, which nobody changes: made into text once, at the end.
    std::map<std::string_view, std::string_view> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (equals != text.npos && equals > 0) all[text.substr(0, equals)] = text.substr(equals + 1);
    }
    // The supervisor's own conversation with its service manager is not the session's.
    for (const char* name_of_ours :
         {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"}) {
        all.erase(name_of_ours);
    }
    for (const auto& [key, value] : own) all[key] = value;
    all[env_store] = paths.root.native();
    all[env_instance] = instance.value;
    all[env_session] = name.value;
    std::vector<std::string> lines;
    lines.reserve(all.size());
    for (const auto& [key, value] : all) {
        std::string& line = lines.emplace_back();
        line.reserve(key.size() + value.size() + 1);
        line.append(key).append("=").append(value);
    }
    return lines;
}

}  // namespace reeve

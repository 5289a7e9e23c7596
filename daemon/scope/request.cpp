#include "scope/scope.hpp"

namespace reeve {

// StartTransientUnit(name, mode, properties, other units), org.freedesktop.systemd1(5); busctl(1) reads the
// values behind the signature: the count of a list, then its items, and the type of each variant.
std::vector<std::string> scope_request(const std::string& scope, pid_t pid) {
    const std::vector<std::vector<std::string>> properties{
        {"PIDs", "au", "1", std::to_string(pid)},
        {"Delegate", "b", "true"},
        {"CollectMode", "s", "inactive-or-failed"},  // nothing stays behind when we have failed
        {"Description", "s", "Reeve and its sessions"}};
    std::vector<std::string> words{"--user",
                                   "--quiet",
                                   "--auto-start=no",
                                   "--timeout=2",
                                   "call",
                                   "org.freedesktop.systemd1",
                                   "/org/freedesktop/systemd1",
                                   "org.freedesktop.systemd1.Manager",
                                   "StartTransientUnit",
                                   "ssa(sv)a(sa(sv))",
                                   scope,
                                   "fail",
                                   std::to_string(properties.size())};
    for (const auto& property : properties) words.insert(words.end(), property.begin(), property.end());
    words.emplace_back("0");
    return words;
}

}  // namespace reeve

#include "commands/container_command.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace reeve {
namespace {

constexpr std::array<std::string_view, 3> engines{"docker", "podman", "nerdctl"};

// Options before the subcommand that take a value in the next word. Of docker, podman and nerdctl.
constexpr std::array<std::string_view, 17> with_value{
    "-H",          "--host",      "-c",        "--context",   "--config", "-l",
    "--log-level", "--tlscacert", "--tlscert", "--tlskey",    "--url",    "--connection",
    "--root",      "--runroot",   "-n",        "--namespace", "-a"};

template <class List>
bool contains(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

std::optional<ContainerCommand> recognise_container_command(const std::vector<std::string>& argv) {
    if (argv.empty()) return std::nullopt;
    ContainerCommand found;
    found.engine = std::filesystem::path(argv.front()).filename().string();
    if (!contains(engines, found.engine)) return std::nullopt;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word == "container") continue;  // docker container run
        if (word == "run" || word == "create") {
            found.options_at = i + 1;
            return found;
        }
        if (word.empty() || word.front() != '-') return std::nullopt;
        const auto equals = word.find('=');
        const std::string key = word.substr(0, equals);
        const bool names_endpoint = key == "-H" || key == "--host" || key == "--url";
        if (equals != std::string::npos) {
            if (names_endpoint) found.endpoint = word.substr(equals + 1);
        } else if (contains(with_value, key)) {
            if (++i < argv.size() && names_endpoint) found.endpoint = argv[i];
        }
    }
    return std::nullopt;
}

std::vector<std::string> with_labels(std::vector<std::string> argv, const ContainerCommand& command,
                                     const Labels& labels) {
    std::vector<std::string> words;
    for (const auto& [name, value] : labels) {
        words.emplace_back("--label");
        words.push_back(name + "=" + value);
    }
    argv.insert(argv.begin() + static_cast<std::ptrdiff_t>(command.options_at), words.begin(), words.end());
    return argv;
}

}  // namespace reeve

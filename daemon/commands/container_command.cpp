#include "commands/container_command.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace reeve {
namespace {

constexpr std::array<std::string_view, 3> engines{"docker", "podman", "nerdctl"};

// Options before the subcommand that take a value in the next word. Of docker, podman and nerdctl.
constexpr std::array<std::string_view, 19> with_value{
    "-H",          "--host",      "-c",       "--context", "--config",     "-l",     "--log-level",
    "--tlscacert", "--tlscert",   "--tlskey", "--url",     "--connection", "--root", "--runroot",
    "-n",          "--namespace", "-a",       "--address", "--identity"};

// Those that take none. Of any other one the next word is the value, unless that is what we look for.
constexpr std::array<std::string_view, 15> flags{"-D",
                                                 "--debug",
                                                 "--tls",
                                                 "--tlsverify",
                                                 "-r",
                                                 "--remote",
                                                 "--noout",
                                                 "--syslog",
                                                 "--debug-full",
                                                 "--experimental",
                                                 "--trace",
                                                 "--version",
                                                 "--insecure-registry",
                                                 "--help",
                                                 "--transient-store"};

// Options of `run` that take none. Every other one takes a value, so that a new option of an engine is at
// worst taken to have one.
constexpr std::array<std::string_view, 22> without_value{"--detach",
                                                         "--disable-content-trust",
                                                         "--env-host",
                                                         "--help",
                                                         "--http-proxy",
                                                         "--init",
                                                         "--interactive",
                                                         "--no-healthcheck",
                                                         "--no-hostname",
                                                         "--no-hosts",
                                                         "--oom-kill-disable",
                                                         "--passwd",
                                                         "--privileged",
                                                         "--publish-all",
                                                         "--quiet",
                                                         "--read-only",
                                                         "--read-only-tmpfs",
                                                         "--replace",
                                                         "--rm",
                                                         "--rmi",
                                                         "--sig-proxy",
                                                         "--tty"};

constexpr std::string_view short_without_value = "ditPq";

template <class List>
bool contains(const List& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_true(std::string_view text) {
    return text == "true" || text == "1" || text == "t" || text == "T" || text == "TRUE" || text == "True";
}

// Whether the options from `at` to the image hold -d, alone, among others ("-itd") or spelt out.
bool is_detached(const std::vector<std::string>& argv, std::size_t at) {
    bool detached = false;
    for (; at < argv.size(); ++at) {
        const std::string_view word = argv[at];
        if (word.size() < 2 || word.front() != '-' || word == "--") break;  // the image
        const auto equals = word.find('=');
        if (word.substr(0, 2) == "--") {
            const std::string_view name = word.substr(0, equals);
            if (name == "--detach")
                detached = equals == std::string_view::npos || is_true(word.substr(equals + 1));
            if (equals == std::string_view::npos && !contains(without_value, name)) ++at;
            continue;
        }
        for (std::size_t i = 1; i < word.size(); ++i) {
            if (word[i] == '=') break;
            if (short_without_value.find(word[i]) == std::string_view::npos) {
                if (i + 1 == word.size()) ++at;  // its value is the next word
                break;
            }
            const bool last = i + 1 == word.size() || word[i + 1] == '=';
            if (word[i] == 'd') detached = !last || i + 1 == word.size() || is_true(word.substr(i + 2));
        }
    }
    return detached;
}

void take_engine_option(ContainerCommand& found, std::string_view key, const std::string& value) {
    const bool docker = found.engine == "docker";
    if (key == "-H" || key == "--host" || key == "--url") {
        found.endpoint = value;
    } else if (docker && (key == "-c" || key == "--context")) {
        found.context = value;
    } else if (docker && key == "--config") {
        found.config = value;
    } else if (key == "--connection" || key == "-c" || key == "--root" || key == "-n" ||
               key == "--namespace" || key == "-a" || key == "--address" || key == "--storage-driver" ||
               key == "--imagestore" || key == "--data-root" || key == "--snapshotter") {
        found.elsewhere = key;
    }
}

}  // namespace

std::optional<ContainerCommand> recognise_container_command(const std::vector<std::string>& argv) {
    if (argv.empty()) return std::nullopt;
    ContainerCommand found;
    found.engine = std::filesystem::path(argv.front()).filename().string();
    if (!contains(engines, found.engine)) return std::nullopt;
    const auto is_known = [](const std::string& word) {
        return word == "container" || word == "run" || word == "create";
    };
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word == "container") continue;  // docker container run
        if (word == "run" || word == "create") {
            found.options_at = i + 1;
            found.detached = word == "run" && is_detached(argv, i + 1);
            return found;
        }
        if (word.empty() || word.front() != '-') return std::nullopt;
        const auto equals = word.find('=');
        const std::string key = word.substr(0, equals);
        if (equals != std::string::npos) {
            take_engine_option(found, key, word.substr(equals + 1));
        } else if (contains(with_value, key) || (!contains(flags, key) && i + 1 < argv.size() &&
                                                 !argv[i + 1].starts_with('-') && !is_known(argv[i + 1]))) {
            if (++i < argv.size()) take_engine_option(found, key, argv[i]);
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

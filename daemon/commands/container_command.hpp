// Recognises `docker run ...` (podman, nerdctl) as the command of `reeve exec`, so that its container can be
// bound too.
#pragma once

#include "reeve/model/labels.hpp"

#include <optional>
#include <string>
#include <vector>

namespace reeve {

struct ContainerCommand {
    std::string engine;          // "docker", "podman", "nerdctl"
    std::string endpoint;        // from -H, --host or --url; empty: not named by an option
    std::string context;         // from --context or -c of docker; empty: none
    std::string config;          // from --config of docker; empty: its default
    std::string elsewhere;       // an option that names an engine in a way that a record cannot; empty: none
    bool detached = false;       // -d: the command would end, and the container go on
    std::size_t options_at = 0;  // index behind "run" or "create": where options may be put
};

// Nothing when the command starts no container itself. `docker compose` makes its containers by the labels of
// its own files, and is left as it is.
std::optional<ContainerCommand> recognise_container_command(const std::vector<std::string>& argv);

// The same command with --label NAME=VALUE for each of the labels.
std::vector<std::string> with_labels(std::vector<std::string> argv, const ContainerCommand& command,
                                     const Labels& labels);

}  // namespace reeve

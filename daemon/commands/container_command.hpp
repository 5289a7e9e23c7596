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
    std::string endpoint;        // from -H, --host or --url; empty: the engine's default
    std::size_t options_at = 0;  // index behind "run" or "create": where options may be put
};

// Nothing when the command starts no container.
std::optional<ContainerCommand> recognise_container_command(const std::vector<std::string>& argv);

// The same command with --label NAME=VALUE for each of the labels.
std::vector<std::string> with_labels(std::vector<std::string> argv, const ContainerCommand& command,
                                     const Labels& labels);

}  // namespace reeve

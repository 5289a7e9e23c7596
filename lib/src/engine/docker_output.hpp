// What a container says, and what a program run inside it says.
#pragma once

#include "engine/docker_command.hpp"
#include "reeve/engine/container_engine.hpp"

namespace reeve {

Task<Result<ToolResult>> run_inside_container(DockerCommand& command, ContainerId id,
                                              std::vector<std::string> words,
                                              std::chrono::milliseconds limit);
Task<Result<std::string>> last_container_output(DockerCommand& command, ContainerId id, int lines);
Task<Status> follow_container_output(DockerCommand& command, ContainerId id, std::string since,
                                     std::function<bool(std::string_view)> on_line);

}  // namespace reeve

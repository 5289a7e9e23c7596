// A ContainerEngine through the command line that docker, podman and nerdctl share.
#pragma once

#include "reeve/engine/container_engine.hpp"
#include "reeve/model/config.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace reeve {

struct DockerCliOptions {
    std::string command = "docker";             // name on PATH or an absolute path
    std::string endpoint{};                     // DOCKER_HOST / CONTAINER_HOST; empty: the command's default
    std::chrono::milliseconds timeout{30'000};  // of one call; stop gets its grace on top
};

// By the name of the command: podman-remote is one, too.
inline bool is_podman(std::string_view engine) { return engine.find("podman") != engine.npos; }
// In which variable that command looks for its endpoint.
const char* endpoint_variable(std::string_view engine);

std::unique_ptr<ContainerEngine> make_docker_cli(DockerCliOptions options);
std::unique_ptr<ContainerEngine> make_engine(const EngineConfig& config);
// Makes engines that only a record names.
using MakeEngine =
    std::function<std::unique_ptr<ContainerEngine>(const std::string& name, const std::string& endpoint)>;
MakeEngine engine_maker(std::chrono::milliseconds timeout);

}  // namespace reeve

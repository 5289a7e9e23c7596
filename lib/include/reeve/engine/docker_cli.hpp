// A ContainerEngine through the command line that docker, podman and nerdctl share.
#pragma once

#include "reeve/engine/container_engine.hpp"
#include "reeve/model/config.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace reeve {

struct DockerCliOptions {
    std::string command = "docker";             // name on PATH or an absolute path
    std::string endpoint{};                     // DOCKER_HOST / CONTAINER_HOST; empty: the command's default
    std::chrono::milliseconds timeout{30'000};  // of one call; stop gets its grace on top
};

std::unique_ptr<ContainerEngine> make_docker_cli(DockerCliOptions options);
std::unique_ptr<ContainerEngine> make_engine(const EngineConfig& config);
// Makes engines that only a record names.
using MakeEngine =
    std::function<std::unique_ptr<ContainerEngine>(const std::string& name, const std::string& endpoint)>;
MakeEngine engine_maker(std::chrono::milliseconds timeout);

}  // namespace reeve

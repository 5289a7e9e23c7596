// Where the container of a command will be: what the record must name, so that somebody else finds it there.
#pragma once

#include "commands/container_command.hpp"
#include "reeve/base/result.hpp"

#include <string>

namespace reeve {

// The engine's address, from the command's options, else from the environment; empty: the engine's default.
// A context of docker is looked up by calling docker. Errc::refused when no address can say it.
Result<std::string> endpoint_of(const ContainerCommand& command, const std::string& program);

}  // namespace reeve

// The command line of `docker create`. Pure.
#pragma once

#include "reeve/engine/container_engine.hpp"

#include <map>
#include <string>
#include <vector>

namespace reeve {

struct CreateCall {
    std::vector<std::string> args;
    std::map<std::string, std::string> env;  // the values of what args name
    std::string input;                       // an environment file, read by the client from standard input
};

// Errc::refused for what would be no option but something else, or would make a container that we do not find
// again.
Result<CreateCall> create_call(const ContainerSpec& spec);

}  // namespace reeve

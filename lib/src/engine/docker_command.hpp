// One engine's command line: finds the program, names the endpoint, and tells down from missing from hanging.
#pragma once

#include "reeve/engine/docker_cli.hpp"
#include "reeve/engine/tool.hpp"

#include <string>
#include <vector>

namespace reeve {

class DockerCommand {
  public:
    explicit DockerCommand(DockerCliOptions options);

    const std::string& name() const { return name_; }
    const std::string& endpoint() const { return options_.endpoint; }
    // podman has options of its own that it needs where docker does not.
    bool is_podman() const { return reeve::is_podman(name_); }

    // The call as it will be made; looks the program up on PATH if that was not done before.
    Result<ToolCall> prepare(std::vector<std::string> args);
    // Runs it. An error when it could not run to its end; a non-zero exit is a value.
    Task<Result<ToolResult>> run(ToolCall call);
    // Runs it, and accepts only success: its standard output.
    Task<Result<std::string>> ask(std::vector<std::string> args);
    Task<Result<EngineInfo>> info();
    // Why a call that ran has failed. Asks the engine whether it is there at all, instead of reading English.
    Task<Error> explain(ToolResult failed, std::string doing);
    // The same words and fix for every way in which a call did not end.
    Error not_run(const Error& why) const;

  private:
    DockerCliOptions options_;
    std::string name_;
    std::filesystem::path program_;  // empty until found
};

}  // namespace reeve

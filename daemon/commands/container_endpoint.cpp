#include "commands/container_endpoint.hpp"

#include "reeve/engine/tool.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <exception>

namespace reeve {
namespace {

std::string from_environment(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
    return value == nullptr ? std::string() : value;
}

// `docker context inspect`; without a name, of the context that docker would use by itself.
Result<std::string> endpoint_of_context(const ContainerCommand& command, const std::string& program,
                                        const std::string& context) {
    const std::string doing =
        context.empty() ? "finding docker's engine" : "finding docker's context " + context;
    ToolCall call;
    call.program = program;
    if (!command.config.empty()) call.args = {"--config", command.config};
    call.args.insert(call.args.end(), {"context", "inspect", "--format", "{{.Endpoints.docker.Host}}"});
    if (!context.empty()) call.args.push_back(context);
    asio::io_context loop(1);
    Result<ToolResult> ended = Error();
    asio::co_spawn(loop, run_tool(std::move(call)),
                   [&](const std::exception_ptr& bug, Result<ToolResult> result) {
                       if (bug) std::rethrow_exception(bug);
                       ended = std::move(result);
                   });
    loop.run();
    if (!ended.ok()) return ended.error().while_doing(doing);
    std::string text = ended->exit_code == 0 ? ended->out : ended->err;
    text = text.substr(0, text.find('\n'));
    if (ended->exit_code != 0) return Error(Errc::failed, doing, text, "see: docker context ls");
    return text;
}

}  // namespace

Result<std::string> endpoint_of(const ContainerCommand& command, const std::string& program) {
    if (!command.elsewhere.empty()) {
        return Error(Errc::refused, "binding the container of " + command.engine,
                     command.elsewhere + " names a place in which nobody else would look for it",
                     "name the engine by --host or --url, or leave the option out");
    }
    if (!command.endpoint.empty()) return command.endpoint;
    if (command.engine == "podman") return from_environment("CONTAINER_HOST");
    if (command.engine != "docker") return std::string();
    if (!command.context.empty()) return endpoint_of_context(command, program, command.context);
    const std::string host = from_environment("DOCKER_HOST");
    if (!host.empty()) return host;
    const std::string context = from_environment("DOCKER_CONTEXT");
    if (context.empty() && command.config.empty()) return std::string();
    return endpoint_of_context(command, program, context);
}

}  // namespace reeve

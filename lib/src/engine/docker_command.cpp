#include "engine/docker_command.hpp"

#include "engine/docker_parse.hpp"

#include <algorithm>

namespace reeve {
namespace {

// Enough of what a client said to be recognised, on one line.
std::string first_words(const ToolResult& result) {
    const std::vector<std::string> lines = nonempty_lines(result.err);
    if (lines.empty()) return "it ended with " + std::to_string(result.exit_code);
    // podman writes its log there as well.
    const auto is_error = [](const std::string& line) { return line.rfind("Error", 0) == 0; };
    const auto error = std::find_if(lines.begin(), lines.end(), is_error);
    std::string text = error == lines.end() ? lines.front() : *error;
    constexpr std::size_t longest = 300;
    if (text.size() > longest) text.resize(longest);
    return text;
}

}  // namespace

const char* endpoint_variable(std::string_view engine) {
    return is_podman(engine) ? "CONTAINER_HOST" : "DOCKER_HOST";
}

DockerCommand::DockerCommand(DockerCliOptions options)
    : options_(std::move(options)), name_(std::filesystem::path(options_.command).filename().string()) {}

Result<ToolCall> DockerCommand::prepare(std::vector<std::string> args) {
    if (program_.empty()) {
        Result<std::filesystem::path> found = find_program(options_.command);
        if (!found) return not_run(found.error());
        program_ = std::move(found).value();
    }
    ToolCall call;
    call.program = program_;
    call.args = std::move(args);
    call.limit = options_.timeout;
    call.extra_env["LC_ALL"] = "C";
    if (!options_.endpoint.empty()) {
        call.extra_env[endpoint_variable(name_)] = options_.endpoint;
    }
    return call;
}

Task<Result<ToolResult>> DockerCommand::run(ToolCall call) {
    Result<ToolResult> result = co_await run_tool(std::move(call));
    if (result) co_return std::move(result);
    if (result.error().code() == Errc::not_found) program_.clear();  // it was there: look again next time
    co_return not_run(result.error());
}

Error DockerCommand::not_run(const Error& why) const {
    if (why.code() == Errc::not_found)
        return {Errc::not_found, why.what(), why.why(),
                "install " + name_ + ", or set engine.command to the one that you use"};
    if (why.code() == Errc::timed_out)
        return {Errc::timed_out, why.what(), why.why(),
                "the engine hangs or is very busy: try '" + name_ + " info' yourself"};
    return why;
}

Task<Result<EngineInfo>> DockerCommand::info() {
    CO_TRY(ToolCall call, prepare({"info", "--format", "{{json .}}"}));
    CO_TRY(const ToolResult result, co_await run(std::move(call)));
    const std::string doing = "reaching " + name_ + (endpoint().empty() ? "" : " at " + endpoint());
    const std::string fix = "start it, or see with '" + name_ + " info' whether you may use it";
    if (result.exit_code != 0) co_return Error(Errc::unreachable, doing, first_words(result), fix);
    const Result<EngineInfo> info = parse_info(result.out, doing);
    if (!info && info.error().code() == Errc::unreachable) {
        co_return Error(Errc::unreachable, doing, info.error().why(), fix);
    }
    co_return info;
}

Task<Error> DockerCommand::explain(ToolResult failed, std::string doing) {
    const Result<EngineInfo> there = co_await info();
    if (there) co_return Error(Errc::failed, doing, first_words(failed));
    co_return there.error().while_doing(doing);
}

Task<Result<std::string>> DockerCommand::ask(std::vector<std::string> args) {
    CO_TRY(ToolCall call, prepare(std::move(args)));
    const std::string doing = "running " + name_ + " " + call.args.front();
    CO_TRY(ToolResult result, co_await run(std::move(call)));
    if (result.exit_code == 0) co_return std::move(result.out);
    const Error why = co_await explain(std::move(result), doing);
    co_return why;
}

}  // namespace reeve

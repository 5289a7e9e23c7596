#include "engine/docker_output.hpp"

#include "engine/docker_parse.hpp"

namespace reeve {
namespace {

constexpr std::size_t most_output = 64 * 1024;

Status check_id(const ContainerId& id, const std::string& doing) {
    if (is_container_id(id.value)) return done;
    return Error(Errc::refused, doing, "not a container id");
}

}  // namespace

Task<Result<ToolResult>> run_inside_container(DockerCommand& command, ContainerId id,
                                              std::vector<std::string> words,
                                              std::chrono::milliseconds limit) {
    CO_CHECK(check_id(id, "running a program inside a container"));
    words.insert(words.begin(), {"exec", id.value});
    CO_TRY(ToolCall call, command.prepare(std::move(words)));
    call.limit = limit;
    call.max_output = most_output;
    // Not by DockerCommand::run, whose errors speak of the engine: here the program itself may be what is
    // slow.
    co_return co_await run_tool(std::move(call));
}

// The engine keeps standard output and standard error apart; people want both.
Task<Result<std::string>> last_container_output(DockerCommand& command, ContainerId id, int lines) {
    CO_CHECK(check_id(id, "reading a container's output"));
    std::vector<std::string> words{"logs", "--tail", std::to_string(lines), id.value};
    CO_TRY(ToolCall call, command.prepare(std::move(words)));
    call.max_output = 16 * most_output;
    CO_TRY(const ToolResult result, co_await command.run(std::move(call)));
    co_return result.out + result.err;
}

Task<Status> follow_container_output(DockerCommand& command, ContainerId id, std::string since,
                                     std::function<bool(std::string_view)> on_line) {
    const std::string doing = "following a container's output";
    CO_CHECK(check_id(id, doing));
    // A stream has lines of standard output only. The client, given one descriptor for both, writes both.
    std::vector<std::string> words{"-c", "exec \"$0\" \"$@\" 2>&1", command.name(), "logs", "--follow"};
    if (!since.empty()) words.insert(words.end(), {"--since", since});
    words.push_back(id.value);
    CO_TRY(ToolCall call, command.prepare(std::move(words)));
    call.args[2] = call.program.string();
    call.program = "/bin/sh";
    call.max_output = 16 * most_output;
    Result<ToolResult> ended = co_await stream_tool(std::move(call), std::move(on_line));
    if (!ended) co_return ended.error();
    if (ended->exit_code != 0)
        co_return Error(Errc::failed, doing, "it ended with " + std::to_string(ended->exit_code));
    co_return done;
}

}  // namespace reeve

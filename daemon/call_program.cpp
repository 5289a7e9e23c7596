#include "call_program.hpp"

#include "reeve/base/text.hpp"

namespace reeve {

Result<ToolResult> call_program(const std::vector<std::string>& words, std::chrono::milliseconds limit) {
    ToolCall call;
    TRY(call.program, find_program(words.front()));
    call.args.assign(words.begin() + 1, words.end());
    call.limit = limit;
    call.max_output = std::size_t{1024} * 1024;
    return run_to_end(run_tool(std::move(call)));
}

Result<std::string> output_of(const std::vector<std::string>& words, std::chrono::milliseconds limit) {
    const std::string doing = "running " + joined(words, " ");
    const auto ended = call_program(words, limit);
    if (!ended.ok()) return ended.error().while_doing(doing);
    if (ended->exit_code == 0) return ended->out;
    std::string said = ended->err.empty() ? ended->out : ended->err;
    while (!said.empty() && said.back() == '\n') said.pop_back();
    if (said.empty()) said = "it ended with " + std::to_string(ended->exit_code);
    return Error(Errc::failed, doing, shortened(said, 400));
}

}  // namespace reeve

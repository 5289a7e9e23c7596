#include "support/test_image.hpp"

#include "reeve/engine/tool.hpp"
#include "support/run_to_end.hpp"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>

namespace reeve::test {
namespace {

std::string make_image(const std::string& command) {
    asio::io_context loop(1);
    const auto engine = make_docker_cli(DockerCliOptions{.command = command});
    const auto info = run_to_end(loop, engine->info());
    if (!info) return info.error().message();

    ToolCall make;
    make.program = REEVE_TEST_SUPPORT_DIR "/make-test-image";
    make.args = {command, test_image};
    make.limit = std::chrono::minutes(1);
    const auto made = run_to_end(loop, run_tool(make), std::chrono::minutes(2));
    if (!made) return made.error().message();
    return made->exit_code == 0 ? std::string() : "make-test-image: " + made->err;
}

}  // namespace

const std::string& why_no_engine(const std::string& command) {
    static std::map<std::string, std::string> known;
    const auto it = known.find(command);
    if (it != known.end()) return it->second;
    return known[command] = make_image(command);
}

std::string unique_name(const std::string& stem) {
    static std::atomic<int> count{0};
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    return stem + "-" + std::to_string(::getpid()) + "-" + std::to_string(now) + "-" +
           std::to_string(++count);
}

}  // namespace reeve::test

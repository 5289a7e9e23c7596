#include "reeve/base/text.hpp"
#include "reeve/core/probe.hpp"

namespace reeve {
namespace {

constexpr std::size_t most_shown = 200;

std::string last_line(const std::string& text) {
    const std::size_t end = text.find_last_not_of(" \t\r\n");
    if (end == text.npos) return {};
    const std::size_t before = text.find_last_of('\n', end);
    return shortened(text.substr(before == text.npos ? 0 : before + 1, end - before), most_shown);
}

class ExecProbe final : public Probe {
  public:
    ExecProbe(std::string name, RunProbe run) : name_(std::move(name)), run_(std::move(run)) {}

    Task<Status> look(std::chrono::milliseconds limit) override {
        const auto result = co_await run_(limit);
        if (!result.ok()) co_return result.error();
        if (result->exit_code == 0) co_return done;
        std::string said = last_line(result->err);
        if (said.empty()) said = last_line(result->out);
        co_return Error(Errc::failed, "running " + name_,
                        "it exited with " + std::to_string(result->exit_code) +
                            (said.empty() ? "" : ", saying: " + said));
    }

  private:
    std::string name_;
    RunProbe run_;
};

}  // namespace

std::unique_ptr<Probe> make_exec_probe(std::string name, RunProbe run) {
    return std::make_unique<ExecProbe>(std::move(name), std::move(run));
}

}  // namespace reeve

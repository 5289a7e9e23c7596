#include "reeve/base/time_text.hpp"
#include "reeve/base/timeout.hpp"
#include "reeve/core/probe.hpp"

namespace reeve {
namespace {

class ContainerLogProbe final : public Probe {
  public:
    ContainerLogProbe(ContainerEngine& engine, ContainerId id, LinePattern pattern)
        : engine_(engine), id_(std::move(id)), pattern_(std::move(pattern)) {}

    bool waits_for_a_sign() const override { return true; }

    Task<Status> look(std::chrono::milliseconds limit) override {
        const std::string doing = "reading the container's output";
        matched_ = false;
        // The next look begins where this one began: what is printed between the two is not missed.
        const std::string from = std::exchange(since_, now_rfc3339());
        std::function<bool(std::string_view)> on_line = [this](std::string_view line) {
            matched_ = matched_ || pattern_.matches(line);
            return !matched_;
        };
        Task<Status> following = engine_.follow_output(id_, from, std::move(on_line));
        const auto ended = co_await within(limit, std::move(following));
        if (matched_) co_return done;
        if (!ended) {
            co_return Error(Errc::timed_out, doing, "no line matched within " + format_duration(limit));
        }
        if (!ended->ok()) co_return ended->error();
        co_return Error(Errc::failed, doing, "it has ended");
    }

  private:
    ContainerEngine& engine_;
    ContainerId id_;
    LinePattern pattern_;
    std::string since_;
    bool matched_ = false;
};

}  // namespace

std::unique_ptr<Probe> make_container_log_probe(ContainerEngine& engine, ContainerId id,
                                                LinePattern pattern) {
    return std::make_unique<ContainerLogProbe>(engine, std::move(id), std::move(pattern));
}

}  // namespace reeve

// How a container session is looked at, and what it has said.
#include "reeve/core/container_runner.hpp"
#include "reeve/model/output_tail.hpp"

#include <algorithm>

namespace reeve {
namespace {

constexpr int lines_kept = 10;

}  // namespace

Sign ContainerRunner::health_sign(Question question) const {
    if (!last_seen_) return {};  // not looked at yet
    const std::string& health = last_seen_->health;
    if (health.empty()) return {Sign::What::never, "the container has no HEALTHCHECK; see \"--health-cmd\""};
    if (question == Question::ready)
        return {health == "healthy" ? Sign::What::good : Sign::What::missing, {}};
    if (health == "unhealthy") return {Sign::What::bad, "the engine calls it unhealthy"};
    return {};
}

Result<std::unique_ptr<Probe>> ContainerRunner::make_probe(Session& session, const ProbeTarget& target,
                                                           Question question) {
    const std::string doing = "making a probe of " + session.name().value;
    if (auto probe = make_network_probe(target)) return probe;
    if (!target.exec.empty()) {
        return make_exec_probe(target.exec.front(),
                               [this, command = target.exec](std::chrono::milliseconds limit) {
                                   return engine().run_inside(id_, command, limit);
                               });
    } else if (!target.log.empty()) {
        TRY(LinePattern pattern, LinePattern::compile(target.log));
        return make_container_log_probe(engine(), id_, std::move(pattern));
    } else if (target.engine) {
        const Patience patience = question == Question::ready ? Patience::limited : Patience::endless;
        return make_sign_probe(
            seen_, [this, question] { return health_sign(question); }, "not healthy", patience);
    }
    return Error(Errc::bad_config, doing, "there is nothing to look at", "see: reeve check");
}

// Before the container goes, and its output with it.
Task<void> ContainerRunner::note_output(const Session& session, const ContainerInfo& info) {
    const bool as_asked = session.asked_to_end() || (info.exit_code == 0 && !session.must_end());
    if (as_asked || info.running) co_return;
    const auto output = co_await engine().last_output(info.id, lines_kept);
    if (output.ok()) last_output_ = output_tail(*output, variables_);
}

}  // namespace reeve

// How a life of a process session begins: on record before its code runs.
#include "core/process_limits.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/env_files.hpp"
#include "reeve/core/exit_waiter.hpp"
#include "reeve/core/process_runner.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/model/fingerprint.hpp"
#include "reeve/model/labels.hpp"
#include "reeve/os/cgroup.hpp"

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds anchor_patience{10};  // for a tiny program of ours to say the next thing

std::string directory_of(const SessionConfig& config) {
    return with_home(config.cwd.empty() ? "~" : config.cwd);
}

// A relative program with a slash is meant from the session's own directory, as execve(2) would after
// chdir(2).
Result<std::filesystem::path> program_of(const SessionConfig& config, const std::string& cwd) {
    const std::string& name = config.command.front();
    if (name.starts_with("~/")) return std::filesystem::path(with_home(name));
    if (name.find('/') != std::string::npos) return std::filesystem::path(cwd) / name;
    return find_program(name);
}

Life did_not_start(std::string problem, int exit_code) {
    Life life;
    life.problem = std::move(problem);
    life.exit.emplace();
    life.exit->code = exit_code;
    life.exit->at = now_rfc3339();
    return life;
}

}  // namespace

// Of a session that may outlive us: its output goes where the next supervisor finds it.
std::optional<std::filesystem::path> ProcessRunner::fifo_of(const Session& session) const {
    if (session.config().on_owner_death != OnOwnerDeath::adopt) return std::nullopt;
    return around_.paths.output(session.name());
}

// Until the command runs; when it does not, `life` says why. What only this needs, an environment above all,
// goes when it returns.
Task<std::optional<ProcessHandle>> ProcessRunner::start(Session& session, Life& life) {
    const auto refuse = [&life](std::string problem, int exit_code) -> std::optional<ProcessHandle> {
        life = did_not_start(std::move(problem), exit_code);
        return std::nullopt;
    };
    const SessionConfig& config = session.config();
    LaunchSpec spec;
    spec.argv = config.command;
    spec.cwd = directory_of(config);
    const auto program = program_of(config, spec.cwd);
    if (!program.ok()) co_return refuse(program.error().message(), 127);
    spec.program = program->string();
    auto variables = variables_of(config);
    if (!variables.ok()) co_return refuse(variables.error().message(), 126);
    own_variables_.reset();
    if (!variables->empty()) own_variables_ = std::move(*variables);
    const Status listening = listen_for_notifications(session);
    if (!listening.ok()) co_return refuse(listening.error().message(), 126);
    auto own = notify_variables(config);
    const Variables& configured = own_variables_.or_default();
    own.insert(configured.begin(), configured.end());
    spec.env = session_environment(own, around_.paths, around_.instance, session.name());
    spec.open_files = around_.open_files;
    spec.mark = inherited_mark(around_.instance, session.name());
    if (config.limits) spec.limits = child_limits_of(*config.limits);
    const auto fifo = fifo_of(session);
    auto output = around_.output->open(session.name(), around_.paths.log(session.name()), config.log, fifo);
    if (!output.ok()) co_return refuse(output.error().message(), 126);
    log_begins_ = output->begins;
    spec.out = spec.err = output->write_end.get();
    output_ = std::move(output->stream);

    auto child = co_await launch(session, spec);
    output->write_end.reset();
    spec.env =
        {};  // large, and the child has its own: many that start together would leave holes in the heap
    if (!child.ok()) co_return refuse(child.error().message(), 126);
    co_return co_await let_run(session, std::move(*child), spec, life);
}

// On the highest step of the ladder that is to be had. A group that nobody may be born in (its parent is not
// delegated after all), or an anchor that does not come up, is no reason not to start. An anchor would end
// the session together with us: one that is to be adopted has none.
Task<Result<GatedChild>> ProcessRunner::launch(Session& session, LaunchSpec& spec) {
    const UniqueFd group = enter_cgroup(session.name());
    if (group) {
        spec.cgroup = group.get();
        auto child = launch_gated(spec);
        spec.cgroup = -1;
        if (child.ok()) co_return std::move(child);
        leave_cgroup(session.name());
    }
    const bool may_outlive_us = session.config().on_owner_death == OnOwnerDeath::adopt;
    if (!around_.anchor.program.empty() && !may_outlive_us) {
        auto child = co_await launch_below_anchor(spec);
        if (child.ok()) co_return std::move(child);
    }
    co_return launch_gated(spec);
}

Task<Result<GatedChild>> ProcessRunner::launch_below_anchor(LaunchSpec& spec) {
    auto launched = SessionAnchor::launch(spec, around_.anchor);
    if (!launched.ok()) co_return launched.error();
    anchor_ = std::move(*launched);
    const auto deadline = Clock::now() + anchor_patience;
    while (!anchor_->told_command() && Clock::now() < deadline) {
        co_await wait_for_exit(anchor_->link_fd(), deadline);
        anchor_->read();
    }
    auto child = anchor_->take_command();
    if (!child.ok()) co_await dismiss_anchor();
    co_return std::move(child);
}

// Puts it on record, and opens its gate.
Task<std::optional<ProcessHandle>> ProcessRunner::let_run(Session& session, GatedChild child,
                                                          const LaunchSpec& spec, Life& life) {
    const pid_t pid = child.pid();
    pid_ = pid;
    const ProcessSeen seen = child.handle().look();
    const auto now = std::chrono::system_clock::now();
    ProcessSessionRecord record;
    record.pid = record.pgid = pid;
    record.start_time = seen.start_time;
    record.pidfs_inode = seen.pidfs_inode;
    record.cgroup = cgroup(session.name());
    const SessionConfig& config = session.config();
    record.command = config.written_command.empty() ? config.command : config.written_command;
    record.started_at = to_rfc3339(now);
    record.succession = succession_for(config);
    start_time_ = record.start_time;
    pidfs_inode_ = record.pidfs_inode;
    SessionRecord whole = std::move(record);
    const Status recorded = co_await host_.record(session.name(), std::move(whole));

    std::optional<LaunchFailure> failure;
    const bool go = recorded.ok() && !session.must_end();
    if (go) failure = co_await open_gate(child);
    ProcessHandle handle = std::move(child.handle());
    if (!go || failure) {
        // Nothing of the command has run. The child leaves when its gate closes, which is here at the latest.
        { const GatedChild closed = std::move(child); }
        if (anchor_)
            co_await dismiss_anchor();
        else
            co_await reap_child(handle);
        leave_cgroup(session.name());
        host_.forget(session.name());
        if (failure)
            life = did_not_start(failure->message(spec), failure->exit_code());
        else if (!recorded.ok())
            life = did_not_start(recorded.error().message(), 126);
        co_return std::nullopt;
    }
    if (notify_) notify_->listen(leader(session.name()), around_.here);
    session.mark_started(now);
    session.set_state(SessionState::running);
    co_return std::optional<ProcessHandle>(std::move(handle));
}

// The session's own group, for it to be born in; nothing where there is none.
UniqueFd ProcessRunner::enter_cgroup(const SessionName& name) {
    in_cgroup_ = false;
    former_cgroup_.reset();
    if (around_.cgroup.empty()) return {};
    const std::string path = own_cgroup(name);
    if (!make_cgroup(path).ok()) return {};
    auto directory = open_cgroup(path);
    if (!directory.ok()) return {};
    in_cgroup_ = true;
    return std::move(*directory);
}

// Opens the gate and learns whether the exec worked.
Task<std::optional<LaunchFailure>> ProcessRunner::open_gate(GatedChild& child) {
    const Status opened = child.open();
    if (opened.ok()) co_await wait_for_exit(child.report_fd());
    co_return child.outcome();
}

}  // namespace reeve

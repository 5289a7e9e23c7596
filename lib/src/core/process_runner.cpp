#include "reeve/core/process_runner.hpp"

#include "core/process_limits.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/env_files.hpp"
#include "reeve/core/exit_waiter.hpp"
#include "reeve/core/session_log.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/model/labels.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/process_table.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace reeve {
namespace {

constexpr auto never = std::chrono::steady_clock::time_point::max();

std::uint64_t size_of(int file) {
    struct stat seen {};
    return ::fstat(file, &seen) == 0 ? static_cast<std::uint64_t>(seen.st_size) : 0;
}

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

LastExit last_exit_of(const ExitStatus& status) {
    LastExit exit;
    if (status.signal != 0)
        exit.signal = status.signal;
    else
        exit.code = status.code;
    exit.at = now_rfc3339();
    return exit;
}

Life did_not_start(std::string problem, int exit_code) {
    Life life;
    life.problem = std::move(problem);
    life.exit = last_exit_of({exit_code, 0});
    return life;
}

}  // namespace

std::vector<std::string> session_environment(const std::map<std::string, std::string>& own,
                                             const StorePaths& paths, const InstanceId& instance,
                                             const SessionName& name) {
    std::map<std::string, std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        const auto equals = text.find('=');
        if (equals != std::string::npos && equals > 0) all[text.substr(0, equals)] = text.substr(equals + 1);
    }
    // The supervisor's own conversation with its service manager is not the session's.
    for (const char* name_of_ours :
         {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID"}) {
        all.erase(name_of_ours);
    }
    for (const auto& [key, value] : own) all[key] = value;
    all[env_store] = paths.root.string();
    all[env_instance] = instance.value;
    all[env_session] = name.value;
    std::vector<std::string> lines;
    lines.reserve(all.size());
    for (const auto& [key, value] : all) lines.emplace_back(key).append("=").append(value);
    return lines;
}

Task<Life> ProcessRunner::live(Session& session) {
    const SessionConfig& config = session.config();
    LaunchSpec spec;
    spec.argv = config.command;
    spec.cwd = directory_of(config);
    const auto program = program_of(config, spec.cwd);
    if (!program.ok()) co_return did_not_start(program.error().message(), 127);
    spec.program = program->string();
    auto variables = read_env_files(config.env_file);
    if (!variables.ok()) co_return did_not_start(variables.error().message(), 126);
    own_variables_ = std::move(*variables);
    for (const auto& [key, value] : config.env) own_variables_[key] = value;
    const Status listening = listen_for_notifications(session);
    if (!listening.ok()) co_return did_not_start(listening.error().message(), 126);
    auto own = notify_variables(config);
    own.insert(own_variables_.begin(), own_variables_.end());
    spec.env = session_environment(own, around_.paths, around_.instance, session.name());
    spec.open_files = around_.open_files;
    spec.limits = child_limits_of(config.limits);
    auto log = open_session_log(around_.paths.log(session.name()), config.log);
    if (!log.ok()) co_return did_not_start(log.error().message(), 126);
    log_begins_ = size_of(log->get());
    spec.out = spec.err = log->get();

    const UniqueFd group = enter_cgroup(session.name());
    spec.cgroup = group.get();
    auto child = launch_gated(spec);
    if (!child.ok() && spec.cgroup >= 0) {
        // A group that nobody may be born in (its parent is not delegated after all) is no reason not to
        // start.
        leave_cgroup();
        spec.cgroup = -1;
        child = launch_gated(spec);
    }
    log->reset();
    if (!child.ok()) co_return did_not_start(child.error().message(), 126);
    Life life = co_await run_child(session, std::move(*child), std::move(spec));
    if (notify_) {
        notify_->close();
        co_await notify_->closed();
    }
    pid_.reset();
    takedown_.reset();
    co_return life;
}

Task<Life> ProcessRunner::run_child(Session& session, GatedChild child, LaunchSpec spec) {
    const pid_t pid = child.pid();
    pid_ = pid;
    const ProcessSeen seen = child.handle().look();
    const std::string at = now_rfc3339();
    ProcessSessionRecord record;
    record.pid = record.pgid = pid;
    record.start_time = seen.start_time;
    record.pidfs_inode = seen.pidfs_inode;
    record.cgroup = cgroup_;
    const SessionConfig& config = session.config();
    record.command = config.written_command.empty() ? config.command : config.written_command;
    record.started_at = at;
    const SessionRecord whole = record;
    const Status recorded = co_await host_.record(session.name(), whole);

    std::optional<LaunchFailure> failure;
    const bool go = recorded.ok() && !session.must_end();
    if (go) failure = co_await open_gate(child);
    if (!go || failure) {
        // Nothing of the command has run. The child leaves when its gate closes, which is here at the latest.
        ProcessHandle handle = std::move(child.handle());
        { const GatedChild closed = std::move(child); }
        co_await reap_leader(handle);
        leave_cgroup();
        host_.forget(session.name());
        if (failure) co_return did_not_start(failure->message(spec), failure->exit_code());
        if (!recorded.ok()) co_return did_not_start(recorded.error().message(), 126);
        co_return Life{};
    }

    if (notify_) notify_->listen(leader_of(session, pid), around_.here);
    session.mark_started(at);
    session.set_state(SessionState::running);
    co_await wait_for_end(session, child.handle());
    session.set_state(SessionState::stopping);

    // The leader, if it has ended, is not reaped yet: as a zombie it keeps its pid, which is the tree's
    // session id, from being anybody else's until the tree was seen empty.
    const auto report = co_await end_tree(session, pid);
    Life life;
    life.started = true;
    if (!report.ok())
        life.left = {report.error().message()};
    else
        life.left = report->left;
    const auto status = reap_exit(pid);
    if (status) {
        life.exit = last_exit_of(*status);
        life.clean = status->clean();
    }
    if (life.left.empty() && !status) life.left = {std::to_string(pid)};
    if (life.left.empty()) {
        leave_cgroup();
        host_.forget(session.name());
    }
    co_return life;
}

// Opens the gate and learns whether the exec worked.
Task<std::optional<LaunchFailure>> ProcessRunner::open_gate(GatedChild& child) {
    const Status opened = child.open();
    if (opened.ok()) {
        std::vector<int> report{child.report_fd()};
        Notifier wake(executor_);
        co_await wait_for_exits(std::move(report), wake, never);
    }
    co_return child.outcome();
}

Task<void> ProcessRunner::wait_for_end(Session& session, const ProcessHandle& handle) {
    asio::posix::stream_descriptor watch(executor_, ::fcntl(handle.exit_fd(), F_DUPFD_CLOEXEC, 0));
    bool ended = false;
    while (!ended && !session.must_end()) {
        watch.async_wait(asio::posix::stream_descriptor::wait_read,
                         [&session](const boost::system::error_code& ec) {
                             if (!ec) session.changed().notify();
                         });
        co_await session.changed().wait();
        watch.cancel();
        ended = handle.look().state != ProcessSeen::State::running;
    }
}

RecordedLeader ProcessRunner::leader_of(const Session& session, pid_t pid) const {
    RecordedLeader recorded;
    recorded.instance = around_.instance;
    recorded.name = session.name();
    recorded.leader.pid = pid;
    recorded.unreaped_child = true;
    recorded.cgroup = cgroup_;
    return recorded;
}

Task<Result<TakedownReport>> ProcessRunner::end_tree(Session& session, pid_t leader) {
    const RecordedLeader recorded = leader_of(session, leader);
    FindProcesses find = [recorded, this] { return find_soon({recorded}, around_.here); };
    TakedownOptions options;
    options.signal = session.config().stop.signal;
    options.grace = session.config().stop.grace;
    options.on_signal = [this, name = session.name()](const ProvenProcess& process, int signal) {
        if (around_.on_signal) around_.on_signal(name, process, signal);
    };
    takedown_ = std::make_unique<Takedown>(executor_, std::move(find), std::move(options));
    co_return co_await takedown_->run();
}

// The session's own group, for it to be born in; nothing where there is none.
UniqueFd ProcessRunner::enter_cgroup(const SessionName& name) {
    cgroup_.clear();
    if (around_.cgroup.empty()) return {};
    auto made = make_cgroup(around_.cgroup,
                            "session-" + name.value);  // the kernel's own files there have other names
    if (!made.ok()) return {};
    auto directory = open_cgroup(*made);
    if (!directory.ok()) return {};
    cgroup_ = std::move(*made);
    return std::move(*directory);
}

void ProcessRunner::leave_cgroup() {
    // One that is not empty after all stays, and is found by the record.
    if (!cgroup_.empty()) (void)remove_cgroup(cgroup_).ok();
    cgroup_.clear();
}

Task<void> ProcessRunner::reap_leader(const ProcessHandle& handle) {
    while (!reap_exit(handle.pid())) {
        std::vector<int> fds{handle.exit_fd()};
        Notifier wake(executor_);
        co_await wait_for_exits(std::move(fds), wake, never);
    }
}

void ProcessRunner::describe(SessionStatus& status) const {
    status.pid = pid_;
    if (pid_) status.containment = cgroup_.empty() ? "session" : "cgroup";
    if (pid_ && notify_ && !notify_->status().empty()) status.message = notify_->status();
}

void ProcessRunner::hurry() {
    if (takedown_) takedown_->hurry();
}

std::vector<std::string> ProcessRunner::waiting_for() const {
    return takedown_ ? takedown_->waiting_for() : std::vector<std::string>();
}

}  // namespace reeve

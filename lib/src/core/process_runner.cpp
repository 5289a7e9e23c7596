#include "reeve/core/process_runner.hpp"

#include "reeve/base/time_text.hpp"
#include "reeve/core/exit_waiter.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/exit_watch.hpp"
#include "reeve/os/process_table.hpp"

#include <csignal>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds anchor_patience{10};  // for a tiny program of ours to say or do the next thing

LastExit last_exit_of(const ExitStatus& status) {
    LastExit exit;
    if (status.signal != 0)
        exit.signal = status.signal;
    else
        exit.code = status.code;
    exit.at = now_rfc3339();
    return exit;
}

}  // namespace

Task<bool> ProcessRunner::begin(Session& session, Life& life) {
    launched_by_.reset();
    auto command = co_await start(session, life);
    command_ = std::move(command);
    if (!command_) co_await forget_life(session);
    co_return command_.has_value();
}

Task<bool> ProcessRunner::ended(Session& session) {
    if (!command_) co_return true;
    if (anchor_) {
        anchor_->read();
        // An anchor that is gone leaves a session that cannot be held: it ends.
        if (anchor_->ended() || anchor_->gone()) co_return true;
    } else if (command_->ended()) {
        co_return true;
    }
    if (watch_) co_return false;
    const int told_by = anchor_ ? anchor_->link_fd() : command_->exit_fd();
    watch_.emplace(around_.executor, told_by, [this, &session] {
        watch_.reset();
        session.wake();
    });
    if (!watch_->failed()) co_return false;
    host_.note(session.name(), "its end cannot be watched, so it is ended", watch_->failed().message());
    co_return true;
}

Task<void> ProcessRunner::end(Session& session, Life& life) {
    const bool had_its_grace = session.state() == SessionState::stopping;
    session.set_state(SessionState::stopping);
    watch_.reset();
    const auto grace = had_its_grace ? std::chrono::milliseconds(0) : session.config().stop.grace;
    co_await end_all(session, grace, life);
    if (life.left.empty()) co_await forget_life(session);  // who is left may go on writing
}

Task<void> ProcessRunner::forget_life(const Session& session) {
    command_.reset();
    if (notify_) {
        notify_->close();
        co_await notify_->closed();
    }
    pid_.reset();
    takedown_.reset();
    co_await finish_output();
    std::error_code ignored;
    if (const auto fifo = fifo_of(session)) std::filesystem::remove(*fifo, ignored);
}

// So that the log is whole before anybody is told that the session has ended.
Task<void> ProcessRunner::finish_output() {
    auto stream = std::exchange(output_, nullptr);
    if (!stream) co_return;
    co_await around_.output->finish(std::move(stream));
}

// Not kept but made when it is asked for: there may be a thousand. The kernel's own files in a group have
// other names.
std::string ProcessRunner::own_cgroup(const SessionName& name) const {
    return around_.cgroup + "/session-" + name.value;
}

std::string ProcessRunner::cgroup(const SessionName& name) const {
    if (former_cgroup_) return *former_cgroup_;
    return in_cgroup_ ? own_cgroup(name) : std::string();
}

// Who is looked for when the session ends: what its record says.
RecordedLeader ProcessRunner::leader(const SessionName& name) const {
    RecordedLeader leader;
    leader.instance = around_.instance;
    leader.launched_by = launched_by_.or_default();
    leader.name = name;
    const Host& here = around_.here;
    leader.leader = {pid_.value_or(-1), start_time_, here.boot_id,
                     here.machine_id,   here.pid_ns, pidfs_inode_};
    leader.cgroup = cgroup(name);
    leader.unreaped_child = !anchor_ && !adopted();
    return leader;
}

// The leader, if it is our child and has ended, is not reaped yet: as a zombie it keeps its pid, which is the
// tree's session id, from being anybody else's until the tree was seen empty. An anchor reaps it, and holds
// all that is left.
Task<void> ProcessRunner::end_all(Session& session, std::chrono::milliseconds grace, Life& life) {
    const auto report = co_await end_tree(session, grace);
    life.left = report.ok() ? report->left : std::vector<std::string>{report.error().message()};
    if (!life.left.empty()) co_return;
    std::optional<ExitStatus> status;
    if (!adopted()) status = co_await exit_status();
    if (adopted()) {
        life.problem = "it was adopted, so only its parent could tell how it ended";
    } else if (status) {
        life.exit = last_exit_of(*status);
        life.clean = status->clean();
    } else if (anchor_) {
        life.problem = "its anchor was killed, so everything that it ran was ended";
    } else {
        life.left = {std::to_string(*pid_)};
        co_return;
    }
    co_await dismiss_anchor();
    leave_cgroup(session.name());
    host_.forget(session.name());
}

// An anchor says who belongs to the session as long as it lives. One that was killed meanwhile has given its
// children away before we looked: then what they carry themselves must do.
Task<Result<std::vector<ProvenProcess>>> ProcessRunner::find_members(SessionName name) {
    RecordedLeader sought = leader(name);
    if (sought.contained()) co_return find_processes({&sought, 1}, around_.here);
    for (;;) {
        const bool held = anchor_ && !anchor_->handle().ended();
        sought.anchor = held ? anchor_->handle().pid() : -1;
        auto found = co_await around_.scans->find(sought);
        if (!held || !anchor_->handle().ended()) co_return std::move(found);
    }
}

Task<Result<TakedownReport>> ProcessRunner::end_tree(Session& session, std::chrono::milliseconds grace) {
    FindProcesses find = [this, name = session.name()] { return find_members(name); };
    TakedownOptions options;
    options.signal = session.config().stop.signal;
    options.grace = grace;
    options.on_signal = [this, name = session.name()](const ProvenProcess& process, int signal) {
        if (around_.on_signal) around_.on_signal(name, process, signal);
    };
    takedown_ = std::make_unique<Takedown>(around_.executor, std::move(find), std::move(options));
    co_return co_await takedown_->run();
}

// How the command ended; nothing when nobody can tell any more. The tree was seen empty.
Task<std::optional<ExitStatus>> ProcessRunner::exit_status() {
    if (!anchor_) {
        const auto status = reap_exit(*pid_);
        if (status) co_return status;
        // On macOS a process is not seen any more shortly before it can be waited for.
        const auto watch = open_exit_watch(*pid_);
        if (watch.ok()) co_await wait_for_exit(watch->get(), Clock::now() + anchor_patience);
        co_return reap_exit(*pid_);
    }
    const auto deadline = Clock::now() + anchor_patience;
    while (!anchor_->ended() && !anchor_->gone() && Clock::now() < deadline) {
        co_await wait_for_exit(anchor_->link_fd(), deadline);
        anchor_->read();
    }
    co_return anchor_->ended();
}

void ProcessRunner::leave_cgroup(const SessionName& name) {
    // One that is not empty after all stays, and is found by the record.
    const std::string group = cgroup(name);
    if (!group.empty()) (void)remove_cgroup(group).ok();
    const std::string former = instance_part_of(group, launched_by_.or_default().value);
    if (adopted() && !former.empty()) remove_unused_cgroups(former);
    in_cgroup_ = false;
    former_cgroup_.reset();
}

Task<void> ProcessRunner::reap_child(const ProcessHandle& handle) {
    while (!reap_exit(handle.pid())) co_await wait_for_exit(handle.exit_fd());
}

// Nothing is below it any more, so it leaves at once; one that does not (somebody has stopped it) is made to.
Task<void> ProcessRunner::dismiss_anchor() {
    if (!anchor_) co_return;
    const std::unique_ptr<SessionAnchor> anchor = std::move(anchor_);
    anchor->release();
    co_await wait_for_exit(anchor->handle().exit_fd(), Clock::now() + anchor_patience);
    if (!anchor->handle().ended()) (void)anchor->handle().signal(SIGKILL).ok();
    co_await reap_child(anchor->handle());
}

void ProcessRunner::describe(SessionStatus& status) const {
    status.pid = pid_;
    if (!pid_) return;
    status.adopted = adopted();
    if (in_cgroup_ || former_cgroup_)
        status.containment = "cgroup";
    else
        status.containment = anchor_ ? "subreaper" : "session";
    if (notify_ && !notify_->status().empty()) status.message = notify_->status();
}

void ProcessRunner::hurry() {
    if (takedown_) takedown_->hurry();
}

std::vector<std::string> ProcessRunner::waiting_for() const {
    return takedown_ ? takedown_->waiting_for() : std::vector<std::string>();
}

std::optional<std::chrono::milliseconds> ProcessRunner::killed_in() const {
    return takedown_ ? takedown_->killed_in() : std::nullopt;
}

}  // namespace reeve

// Another program in the place of this one, without a stop: same process, lock, instance and children.
//
// The new program first says, in a dry start, whether it understands what we would leave it. Then nothing new
// is begun until everything stands still: no session just starting or stopping, no request half done, nothing
// on its way to the disk. What is left then fits into one file, handover.json, and a few descriptors.
// Whatever fails before the exec leaves us as we are; what fails after it is a crash like any other, and the
// anchor's to clear.
#include "model/json_text.hpp"
#include "reeve/core/exit_waiter.hpp"
#include "reeve/core/supervisor.hpp"
#include "reeve/os/execute.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/process_table.hpp"

#include <boost/asio/post.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{30};  // until everything stands still

}  // namespace

Task<Result<std::string>> Supervisor::verb_upgrade(std::string params, Caller caller) {
    (void)caller;
    const std::string doing = "upgrading";
    CO_TRY(const Json object, parse_json(params, doing));
    const auto program = string_field(object, "program");
    if (!program || !program->starts_with('/'))
        co_return Error(Errc::invalid_data, doing, "\"program\" is the absolute path of a program");
    co_return co_await upgrade(*program);
}

void Supervisor::ask_upgrade() { tasks_.spawn(upgrade_by_signal()); }

Task<void> Supervisor::upgrade_by_signal() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (state_ == SupervisorState::starting) co_await changed_.wait();
    const auto outcome = co_await upgrade(settings_.upgrade.own_program);
    (void)outcome.ok();  // told in the log
}

Task<Result<std::string>> Supervisor::upgrade(std::filesystem::path program) {
    const std::string doing = "upgrading to " + program.string();
    if (upgrading_) co_return Error(Errc::failed, doing, "another upgrade is under way");
    if (state_ != SupervisorState::running && state_ != SupervisorState::safe)
        co_return Error(Errc::failed, doing, "the supervisor is not running yet, or stopping");
    upgrading_ = true;
    tell_manager("RELOADING=1");
    const Error failed = co_await try_upgrade(program);
    std::error_code ignored;
    std::filesystem::remove(store_.paths().handover(), ignored);
    upgrading_ = false;
    log_.error("not upgraded; this program goes on", {{"why", failed.message()}});
    if (!stop_asked_) tell_manager("READY=1");                      // not after STOPPING=1
    for (const auto& [name, session] : sessions_) session->poke();  // those that have waited for us begin
    status_changed();
    co_return failed.while_doing(doing);
}

// Returns only when it did not happen.
Task<Error> Supervisor::try_upgrade(std::filesystem::path program) {
    output_->hold();  // what it would hand over is its thread's
    const auto now = hand_over();
    output_->let_go();
    if (!now.ok()) co_return now.error();
    std::string trial = to_json(*now);
    std::function<Status()> write = [path = store_.paths().handover(), text = std::move(trial)] {
        return replace_file(path, text);
    };
    CO_CHECK(co_await worker_.run<Status>(std::move(write)));
    CO_TRY(const std::string version, co_await settings_.upgrade.try_out(program));
    CO_CHECK(co_await come_to_rest("waiting for a moment to do it"));

    // From here to the exec nothing else runs on the loop.
    output_->hold();
    const auto handover = hand_over();
    Status written = handover.ok() ? replace_file(store_.paths().handover(), to_json(*handover))
                                   : Status(handover.error());
    if (written.ok()) {
        log_.info("executing another program in our place",
                  {{"program", program.string()}, {"version", version}, {"former", settings_.version}});
        written = settings_.upgrade.execute(program, handover->descriptors());
    }
    output_->let_go();
    let_signals_come();
    co_return written.error();
}

// Completes when everything stands still and no signal is on its way to us. Signals are held back then.
Task<Status> Supervisor::come_to_rest(std::string doing) {
    const auto deadline = Clock::now() + patience;
    for (;;) {
        if (stop_asked_) co_return Error(Errc::cancelled, doing, "the supervisor is to stop");
        const std::string why = moving();
        if (!why.empty()) {
            if (Clock::now() >= deadline)
                co_return Error(Errc::timed_out, doing, why, "try again when that is over");
            co_await changed_.wait(deadline);
            continue;
        }
        if (writing()) {
            if (Clock::now() >= deadline)
                co_return Error(Errc::timed_out, doing, "what is to be written does not come to an end",
                                "see: reeve status");
            co_await write_what_is_stale();
            co_await save_memories();
            // A worker does one thing after another, so this comes behind it.
            for (Worker* worker : {&record_worker_, &worker_}) {
                std::function<bool()> nothing = [] { return true; };
                (void)co_await worker->run<bool>(std::move(nothing));
            }
            continue;
        }
        hold_signals_back();
        co_await let_signals_be_seen();
        if (!stop_asked_ && moving().empty() && !writing()) co_return done;
        let_signals_come();
    }
}

// A signal that came before they were held back waits in a pipe of the loop: what it asks for would be lost.
// Two turns: the first finds it, the second has heard it.
Task<void> Supervisor::let_signals_be_seen() {
    for (int turn = 0; turn < 2; ++turn) {
        asio::steady_timer timer(executor_, Clock::now());
        const auto [ec] = co_await timer.async_wait(as_result);
        (void)ec;
        co_await asio::post(executor_, asio::use_awaitable);
    }
}

// What an exec would break off, for people.
std::string Supervisor::moving() const {
    if (changing_ > 0 || reloading_) return "a request that changes something is under way";
    for (const auto& [name, session] : sessions_) {
        if (!is_configured(name) && !added_.contains(name))
            return "session " + name.value + " is being removed";
        if (std::string why = session->moving(); !why.empty()) return why;
    }
    return {};
}

bool Supervisor::writing() const {
    if (record_stale_ || memory_stale_ || memories_under_way_ > 0 || !record_file_->settled() ||
        !adoptable_file_->settled() || !added_.settled())
        return true;
    return std::any_of(sessions_.begin(), sessions_.end(),
                       [](const auto& entry) { return entry.second->unsaved(); });
}

Task<void> Supervisor::save_memories() {
    std::vector<std::shared_ptr<Session>> unsaved;
    for (const auto& [name, session] : sessions_) {
        if (session->unsaved()) unsaved.push_back(session);
    }
    for (const auto& session : unsaved) co_await session->save_memory();
}

Task<void> Supervisor::save_memory_of(std::shared_ptr<Session> session) {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_await session->save_memory();
}

// A request that leaves something half done when it is cut off: an upgrade waits for it.
Task<Result<std::string>> Supervisor::change(ControlVerb verb, std::string params, Caller caller) {
    while (upgrading_) co_await changed_.wait();
    ++changing_;
    auto outcome = co_await verb(std::move(params), std::move(caller));
    --changing_;
    if (upgrading_) changed_.notify();
    co_return outcome;
}

Result<Handover> Supervisor::hand_over() {
    Handover handover;
    TRY(handover.config, config_text_.read());
    handover.config_path = config_path_;
    handover.record = record_;
    handover.status = snapshot();
    handover.lock = lock_.fd();
    handover.control = control_->fd();
    if (settings_.open_files) {
        handover.open_files_soft = settings_.open_files->rlim_cur;
        handover.open_files_hard = settings_.open_files->rlim_max;
    }
    for (const auto& [name, session] : sessions_) {
        handover.sessions[name] = session->hand_over();
        // The status adds what a session has not said itself.
        handover.status.sessions[name] = session->status();
    }
    return handover;
}

// Before anything of ours has run a program: every other child is one that the former program has called.
void Supervisor::take_over(const Handover& handover) {
    for (auto& [name, session] : sessions_) {
        const auto handed = handover.sessions.find(name);
        const auto seen = handover.status.sessions.find(name);
        if (handed == handover.sessions.end() || seen == handover.status.sessions.end()) continue;
        const auto recorded = record_.sessions.find(name);
        session->take_over(
            seen->second, handed->second,
            recorded == record_.sessions.end() ? std::nullopt : std::optional(recorded->second));
    }
    state_ = handover.status.state;
    seq_ = handover.status.seq;
    upgrades_ = handover.status.upgrades + 1;
    last_reap_ = handover.status.last_reap;
    totals_ = handover.status.totals;
    instances_ = handover.status.instances;
    end_calls_of_the_former_program();
}

void Supervisor::go_on_with_sessions() {
    for (auto& [name, session] : sessions_) {
        if (session->taken_over()) session->keep();
    }
    tell_manager("READY=1");
}

void Supervisor::end_calls_of_the_former_program() {
    std::set<pid_t> kept;
    for (const auto& [name, session] : record_.sessions) {
        if (const auto* process = std::get_if<ProcessSessionRecord>(&session)) kept.insert(process->pid);
    }
    for (const auto& [name, handed] : settings_.handover->sessions) {
        if (handed.process) kept.insert(handed.process->anchor);
    }
    const auto rows = list_processes();
    if (!rows.ok()) {
        log_.warn("looking for calls of the former program", {{"why", rows.error().message()}});
        return;
    }
    for (const ProcessEntry& row : *rows) {
        if (row.parent == ::getpid() && !kept.contains(row.pid)) tasks_.spawn(end_child(row.pid));
    }
}

// A child of ours that nobody has waited for: its number, and that of the group that it leads, are its own.
Task<void> Supervisor::end_child(pid_t pid) {
    co_await asio::this_coro::throw_if_cancelled(false);
    auto handle = ProcessHandle::open(pid);
    if (!handle.ok() || !*handle) co_return;
    if (::getpgid(pid) == pid) ::kill(-pid, SIGKILL);
    (void)(*handle)->signal(SIGKILL).ok();
    while (!reap_exit(pid) && !closing_) co_await wait_for_exit((*handle)->exit_fd());
}

}  // namespace reeve

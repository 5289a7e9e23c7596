#include "reeve/core/takedown.hpp"

#include "reeve/core/exit_waiter.hpp"

#include <algorithm>
#include <csignal>

namespace reeve {
namespace {

std::string describe(const ProvenProcess& process) {
    return std::to_string(process.handle.pid()) + " (" + process.name + ")";
}

std::pair<pid_t, std::uint64_t> key_of(const ProvenProcess& process) {
    return {process.handle.pid(), process.member.row.start_time};
}

}  // namespace

Takedown::Takedown(Executor executor, FindProcesses find, TakedownOptions options)
    : executor_(executor), find_(std::move(find)), options_(std::move(options)) {}

void Takedown::hurry() {
    hurried_ = true;
    wake_.notify();
}

std::vector<std::string> Takedown::waiting_for() const {
    std::vector<std::string> names;
    for (const auto& process : present_) names.push_back(describe(process));
    return names;
}

std::optional<std::chrono::milliseconds> Takedown::killed_in() const {
    const auto now = Clock::now();
    if (!grace_ends_ || hurried_ || now >= *grace_ends_) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*grace_ends_ - now);
}

Task<Status> Takedown::find_again() {
    auto found = co_await find_();
    if (!found.ok()) co_return found.error();
    present_ = std::move(*found);
    co_return done;
}

// Signals those who have not had this signal yet. A process that ended meanwhile is what we wanted.
void Takedown::signal_new(int number) {
    auto& had = number == SIGKILL ? killed_ : signalled_;
    for (const auto& process : present_) {
        if (!had.insert(key_of(process)).second) continue;
        if (number == SIGKILL) signalled_.insert(key_of(process));
        if (options_.on_signal) options_.on_signal(process, number);
        (void)process.handle.signal(number).ok();
        // A stopped process would sit on a pending SIGTERM for the whole grace.
        if (number != SIGKILL) (void)process.handle.signal(SIGCONT).ok();
    }
    report_.signalled = static_cast<int>(signalled_.size());
    report_.killed = static_cast<int>(killed_.size());
}

Task<void> Takedown::wait_until_gone(Clock::time_point deadline) {
    std::vector<int> fds;
    for (const auto& process : present_) {
        if (!process.handle.ended()) fds.push_back(process.handle.exit_fd());
    }
    if (!fds.empty()) co_await wait_for_exits(std::move(fds), wake_, deadline);
}

// Stops everything first and looks again until nothing new turns up: a stopped process cannot fork, so the
// last look has seen them all. Then the kill leaves no child behind.
Task<Status> Takedown::kill_all() {
    std::set<std::pair<pid_t, std::uint64_t>> stopped;
    for (int round = 0; round < 100; ++round) {
        bool any_new = false;
        for (const auto& process : present_) {
            if (!stopped.insert(key_of(process)).second) continue;
            any_new = true;
            (void)process.handle.signal(SIGSTOP).ok();
        }
        if (!any_new) break;
        const Status found = co_await find_again();
        if (!found.ok()) co_return found;
    }
    signal_new(SIGKILL);
    co_return done;
}

Task<Result<TakedownReport>> Takedown::run() {
    CO_CHECK(co_await find_again());
    const auto grace_ends = Clock::now() + options_.grace;
    grace_ends_ = grace_ends;
    while (!present_.empty() && !hurried_ && Clock::now() < grace_ends) {
        signal_new(options_.signal);
        co_await wait_until_gone(grace_ends);
        // Out of time: kill_all() looks again itself, once everything that we hold has been stopped.
        if (hurried_ || Clock::now() >= grace_ends) break;
        CO_CHECK(co_await find_again());
    }
    const auto patience_ends = Clock::now() + options_.patience;
    while (!present_.empty()) {
        CO_CHECK(co_await kill_all());
        co_await wait_until_gone(patience_ends);
        CO_CHECK(co_await find_again());
        if (Clock::now() >= patience_ends) break;
    }
    report_.left = waiting_for();
    co_return report_;
}

}  // namespace reeve

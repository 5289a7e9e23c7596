// Ends processes and waits until they are seen to be gone: a polite signal, a grace, then SIGKILL.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/core/process_finder.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace reeve {

struct TakedownOptions {
    int signal = 15;
    std::chrono::milliseconds grace{10'000};
    // After SIGKILL a process may still hang in the kernel (a dead disk or network mount). Then we say so and
    // let go.
    std::chrono::milliseconds patience{10'000};
    // Called once for each process, before its first signal and again before SIGKILL.
    std::function<void(const ProvenProcess&, int signal)> on_signal;
};

struct TakedownReport {
    int signalled = 0;              // processes that got at least one signal
    int killed = 0;                 // of those, how many needed SIGKILL
    std::vector<std::string> left;  // what is still there, for people: "4711 (node)"; empty: seen empty
};

// `find` names the processes that are to go; it is asked again until it finds none, because what dies may
// have forked meanwhile.
using FindProcesses = std::function<Task<Result<std::vector<ProvenProcess>>>()>;

class Takedown {
  public:
    Takedown(Executor executor, FindProcesses find, TakedownOptions options);
    Task<Result<TakedownReport>> run();
    // Ends the grace at once; may be called from outside while run() is under way.
    void hurry();
    // Who is waited for right now, for people; after run(): what is left.
    std::vector<std::string> waiting_for() const;
    // How long the grace still is; nothing once it is over or before it has begun.
    std::optional<std::chrono::milliseconds> killed_in() const;
    const std::vector<ProvenProcess>& present() const { return present_; }

  private:
    using Clock = std::chrono::steady_clock;
    Task<void> wait_until_gone(Clock::time_point deadline);
    void signal_new(int number);
    Task<Status> find_again();
    Task<Status> kill_all();

    Executor executor_;
    Notifier wake_;
    FindProcesses find_;
    TakedownOptions options_;
    std::vector<ProvenProcess> present_;
    std::set<std::pair<pid_t, std::uint64_t>> signalled_, killed_;  // by pid and start time
    TakedownReport report_;
    std::optional<Clock::time_point> grace_ends_;
    bool hurried_ = false;
};

}  // namespace reeve

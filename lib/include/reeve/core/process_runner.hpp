// A process session: a command and everything it forks.
#pragma once

#include "reeve/core/notify_listener.hpp"
#include "reeve/core/session.hpp"
#include "reeve/core/takedown.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/os/launcher.hpp"
#include "reeve/store/store.hpp"

#include <sys/resource.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace reeve {

// What every process session of one supervisor shares.
struct ProcessSurroundings {
    StorePaths paths;
    InstanceId instance;
    Host here;
    std::string cgroup;                // of this instance; empty: none to be had
    std::optional<rlimit> open_files;  // what the supervisor itself was started with
    std::function<void(const SessionName&, const ProvenProcess&, int signal)> on_signal;
};

class ProcessRunner final : public SessionRunner {
  public:
    ProcessRunner(Executor executor, const ProcessSurroundings& surroundings, SessionHost& host)
        : executor_(std::move(executor)), around_(surroundings), host_(host) {}

    const char* kind() const override { return "process"; }
    Task<Life> live(Session& session) override;
    void describe(SessionStatus& status) const override;
    void hurry() override;
    std::vector<std::string> waiting_for() const override;
    Result<std::unique_ptr<Probe>> make_probe(Session& session, const ProbeTarget& target,
                                              Question question) override;
    std::string last_output(const Session& session) const override;

  private:
    Status listen_for_notifications(Session& session);
    std::map<std::string, std::string> notify_variables(const SessionConfig& config) const;
    RecordedLeader leader_of(const Session& session, pid_t pid) const;
    Task<Result<ToolResult>> run_probe(std::vector<std::string> command, std::chrono::milliseconds limit);
    Task<Life> run_child(Session& session, GatedChild child, LaunchSpec spec);
    Task<std::optional<LaunchFailure>> open_gate(GatedChild& child);
    Task<void> wait_for_end(Session& session, const ProcessHandle& handle);
    Task<Result<TakedownReport>> end_tree(Session& session, pid_t leader);
    UniqueFd enter_cgroup(const SessionName& name);
    void leave_cgroup();
    Task<void> reap_leader(const ProcessHandle& handle);

    Executor executor_;
    const ProcessSurroundings& around_;
    SessionHost& host_;
    std::optional<pid_t> pid_;
    std::string cgroup_;  // of the life under way; empty: none
    std::unique_ptr<Takedown> takedown_;
    std::map<std::string, std::string> own_variables_;  // of the life under way: what its config says
    std::uint64_t log_begins_ = 0;                      // where its output begins in the log
    std::unique_ptr<NotifyListener> notify_;            // none: it is not asked to notify
};

// The environment of a session: ours, `own` on top, and the three variables that mark it.
std::vector<std::string> session_environment(const std::map<std::string, std::string>& own,
                                             const StorePaths& paths, const InstanceId& instance,
                                             const SessionName& name);

}  // namespace reeve

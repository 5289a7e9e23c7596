// A process session: a command and everything it forks.
#pragma once

#include "reeve/core/notify_listener.hpp"
#include "reeve/core/output_writer.hpp"
#include "reeve/core/process_scans.hpp"
#include "reeve/core/ready_watch.hpp"
#include "reeve/core/semaphore.hpp"
#include "reeve/core/session.hpp"
#include "reeve/core/takedown.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/os/launcher.hpp"
#include "reeve/os/session_anchor.hpp"
#include "reeve/store/store.hpp"

#include <sys/resource.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace reeve {

// What every process session of one supervisor shares.
struct ProcessSurroundings {
    Executor executor;
    StorePaths paths;
    InstanceId instance;
    Host here;
    std::string cgroup;  // of this instance; empty: none to be had
    AnchorSpec anchor;   // for sessions that no cgroup holds
    std::unique_ptr<ProcessScans> scans;
    std::unique_ptr<Semaphore> starts;  // so many begin at a time
    std::optional<rlimit> open_files;   // what the supervisor itself was started with
    std::function<void(const SessionName&, const ProvenProcess&, int signal)> on_signal;
    OutputWriter* output = nullptr;  // outlives every session
};

class ProcessRunner final : public SessionRunner {
  public:
    ProcessRunner(const ProcessSurroundings& surroundings, SessionHost& host)
        : around_(surroundings), host_(host) {}

    const char* kind() const override { return "process"; }
    Semaphore* starts() const override { return around_.starts.get(); }
    Task<bool> begin(Session& session, Life& life) override;
    Task<bool> ended(Session& session) override;
    Task<void> end(Session& session, Life& life) override;
    std::optional<HandedProcess> hand_over() override;
    void take_over(Session& session, const SessionRecord& record,
                   const std::optional<HandedProcess>& handed) override;
    void describe(SessionStatus& status) const override;
    void hurry() override;
    std::vector<std::string> waiting_for() const override;
    std::optional<std::chrono::milliseconds> killed_in() const override;
    Result<std::unique_ptr<Probe>> make_probe(Session& session, const ProbeTarget& target,
                                              Question question) override;
    std::string last_output(const Session& session) const override;

  private:
    using Variables = std::map<std::string, std::string>;

    Status listen_for_notifications(Session& session);
    Variables notify_variables(const SessionConfig& config) const;
    Task<Result<ToolResult>> run_probe(std::vector<std::string> command, std::chrono::milliseconds limit);
    Task<Result<GatedChild>> launch(Session& session, LaunchSpec& spec);
    Task<Result<GatedChild>> launch_below_anchor(LaunchSpec& spec);
    Task<std::optional<ProcessHandle>> start(Session& session, Life& life);
    Task<std::optional<ProcessHandle>> let_run(Session& session, GatedChild child, const LaunchSpec& spec,
                                               Life& life);
    Task<void> finish_output();
    Task<std::optional<LaunchFailure>> open_gate(GatedChild& child);
    Task<void> end_all(Session& session, std::chrono::milliseconds grace, Life& life);
    Task<Result<TakedownReport>> end_tree(Session& session, std::chrono::milliseconds grace);
    Task<std::optional<ExitStatus>> exit_status();
    Task<Result<std::vector<ProvenProcess>>> find_members(SessionName name);
    RecordedLeader leader(const SessionName& name) const;
    bool adopted() const { return launched_by_.has_value(); }
    Task<void> forget_life(const Session& session);
    std::optional<std::filesystem::path> fifo_of(const Session& session) const;
    UniqueFd enter_cgroup(const SessionName& name);
    void leave_cgroup(const SessionName& name);
    std::string own_cgroup(const SessionName& name) const;
    std::string cgroup(const SessionName& name) const;  // the one that it is in; empty: none
    Task<void> reap_child(const ProcessHandle& handle);
    Task<void> dismiss_anchor();

    const ProcessSurroundings& around_;
    SessionHost& host_;
    // Of the life under way.
    std::optional<pid_t> pid_;              // the command's
    std::uint64_t start_time_ = 0;          // and what proves it, of its record
    std::uint64_t pidfs_inode_ = 0;         // the same
    std::optional<ProcessHandle> command_;  // none: it has not begun, or could not be taken over
    Seldom<InstanceId> launched_by_;        // an earlier supervisor: it is no child of ours; none: we
    bool in_cgroup_ = false;                // in its own_cgroup()
    Seldom<std::string> former_cgroup_;     // in that which an earlier supervisor has made
    std::unique_ptr<SessionAnchor> anchor_;
    std::optional<ReadyWatch>
        watch_;  // of the command's end, or of what its anchor tells; none: it has fired
    std::unique_ptr<Takedown> takedown_;
    std::shared_ptr<OutputWriter::Stream> output_;  // of this life
    Seldom<Variables> own_variables_;               // of the life under way: what its config says
    LogPosition log_begins_;                        // where its output begins in the log
    std::unique_ptr<NotifyListener> notify_;        // none: it is not asked to notify
};

// The environment of a session: ours, `own` on top, and the three variables that mark it.
std::vector<std::string> session_environment(const std::map<std::string, std::string>& own,
                                             const StorePaths& paths, const InstanceId& instance,
                                             const SessionName& name);

}  // namespace reeve

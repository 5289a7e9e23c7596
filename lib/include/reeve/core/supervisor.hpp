// The supervisor's whole life, in the order of docs/architecture.md: record, reap, start, serve, stop.
//
// Possession of the lock is taken as proof that nobody else supervises this store. Thread rule: everything
// runs on one loop; the disk has a worker beside it.
#pragma once

#include "reeve/base/task_group.hpp"
#include "reeve/base/worker.hpp"
#include "reeve/core/added_sessions.hpp"
#include "reeve/core/config_text.hpp"
#include "reeve/core/container_runner.hpp"
#include "reeve/core/control.hpp"
#include "reeve/core/durable_file.hpp"
#include "reeve/core/engine_service.hpp"
#include "reeve/core/event_hub.hpp"
#include "reeve/core/event_log.hpp"
#include "reeve/core/foreign_watch.hpp"
#include "reeve/core/instance_changes.hpp"
#include "reeve/core/instance_watch.hpp"
#include "reeve/core/process_runner.hpp"
#include "reeve/core/reaper.hpp"
#include "reeve/core/session.hpp"
#include "reeve/core/usage_meter.hpp"
#include "reeve/model/handover.hpp"
#include "reeve/store/lifecycle_lock.hpp"
#include "reeve/store/store.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace reeve {

// A configuration, and what it was read from: another program that goes on in our place reads the same.
struct LoadedConfig {
    Config config;
    std::optional<std::string> text;  // nothing: there is no file; kept for another program of this process
    std::string path;                 // for people
};

// How another program takes our place (supervisor_upgrade.cpp). Both are given its absolute path.
struct UpgradeSettings {
    // A dry start on what handover.json says: the version, or why it refuses. Bounded in time.
    std::function<Task<Result<std::string>>(std::filesystem::path program)> try_out;
    // Returns only when it did not happen. `keep`: descriptors that stay open.
    std::function<Error(const std::filesystem::path& program, const std::vector<int>& keep)> execute;
    std::filesystem::path own_program;  // as it was when we started
};

struct SupervisorSettings {
    std::string version;
    Host here;
    InstanceRecord record;             // of this life, without sessions
    std::optional<pid_t> anchor_pid;   // our parent; its end is ours
    std::string session_anchor;        // reeve-anchor, for sessions without a cgroup; empty: none
    bool safe_mode = false;            // after a crash loop: nothing is launched or reaped by itself
    std::optional<rlimit> open_files;  // what sessions get; we may have raised our own
    std::function<Result<LoadedConfig>()> load_config;  // reads it again; the error names line and pointer
    UpgradeSettings upgrade;
    std::optional<Handover> handover;  // what the former program of this process has left
    std::function<void(const std::string&)> notify_manager;  // sd_notify text, e.g. "READY=1"
};

// How long a change that nobody waits for may wait for others, to be written with them.
inline constexpr std::chrono::milliseconds write_delay{20};

class Supervisor final : public SessionHost {
  public:
    Supervisor(Executor executor, Store store, LifecycleLock lock, LoadedConfig config,
               SupervisorSettings settings, EventLog log);
    ~Supervisor() override;

    // Completes when everything has been stopped and released. The error is why it could not go on.
    Task<Status> run();
    // Safe to call from signal handlers of the loop. The second call ends every grace.
    void ask_stop(std::string why);
    void ask_reload();
    void ask_upgrade();  // to what stands now where our program was

  private:
    using Caller = std::shared_ptr<const ControlCaller>;
    // sd_notify text for whoever manages us, if anybody does.
    void tell_manager(const std::string& text) const {
        if (settings_.notify_manager) settings_.notify_manager(text);
    }
    void tell_manager_how_it_goes();
    std::string told_manager_;
    // SessionHost
    void act_soon(Session& session) override;
    Task<Status> record(SessionName name, SessionRecord record) override;
    void forget(const SessionName& name) override;
    Task<void> remember(SessionName name, SessionMemory memory) override;
    void remember_soon(const SessionName& name, SessionMemory memory) override;
    void note(const SessionName& name, const std::string& what, const std::string& why) override;
    void status_changed() override;
    bool is_ready(const SessionName& name) const override;
    bool held() const override { return upgrading_; }

    // The life, step by step.
    Task<Status> begin();
    Task<void> reap_and_start();
    Task<void> serve_until_asked();
    Task<void> stop_everything();
    Task<void> stop_sessions();
    Task<void> let_go();

    // Beside it.
    Task<void> keep_status();
    Task<void> keep_reaping();
    Task<void> reap_once();
    Task<void> reap_only_processes();
    Task<void> reap_containers_of_the_first(std::shared_ptr<Reaper> first);
    Task<void> watch_lock();
    Task<void> watch_anchor();
    Task<void> watch_instances();
    void reap_soon();
    void stay_safe();
    Task<void> commit_record();
    void write_soon();
    Task<void> write_what_waits();
    Task<void> write_what_is_stale();
    void begin_to_write_memories();
    Task<void> write_memories();
    Task<void> memories_written();
    bool memorise(const SessionName& name, SessionMemory memory);
    void read_memories();
    Moment now() const;
    Task<void> reload();
    void take_report(const ReapReport& report, bool news);  // news: worth being the last one shown
    void take_foreign(const Reaper& reaper);
    ReaperSettings reaper_settings();

    // Sessions of earlier supervisors that go on with us.
    std::string objection_to_adopting(const Reaper::Heirloom& left) const;
    Task<Result<std::string>> proof_of(Reaper::Heirloom left);
    Task<void> adopt_sessions(std::shared_ptr<Reaper> reaper);
    Task<void> adopt_those(std::shared_ptr<Reaper> reaper, std::vector<Reaper::Heirloom> heirlooms);
    Task<void> ask_engine(std::shared_ptr<bool> answered);
    void adopt(const Reaper::Heirloom& left, const std::string& evidence);
    void remove_unused_outputs() const;
    std::string adoptable_processes() const;
    Task<void> tell_anchor();

    // Another program in our place.
    Task<Result<std::string>> upgrade(std::filesystem::path program);
    Task<Error> try_upgrade(std::filesystem::path program);
    Task<Status> come_to_rest(std::string doing);
    Task<void> save_memories();
    Task<void> save_memory_of(std::shared_ptr<Session> session);
    Task<void> let_signals_be_seen();
    std::string moving() const;
    bool writing() const;
    Result<Handover> hand_over();
    void take_over(const Handover& handover);
    void go_on_with_sessions();
    void end_calls_of_the_former_program();
    Task<void> end_child(pid_t pid);
    Task<void> upgrade_by_signal();
    Task<Result<std::string>> verb_upgrade(std::string params, Caller caller);
    Task<Result<std::string>> change(ControlVerb verb, std::string params, Caller caller);

    // Sessions and configuration.
    void add_session(const SessionName& name, SessionConfig config);
    void listen_to(const std::set<EngineAddress>& named);
    std::unique_ptr<EngineService> make_engine_service(const EngineConfig& config);
    struct Plan;
    Plan plan_for(const Config& next) const;
    Task<Result<std::string>> apply(LoadedConfig next);
    Task<Status> drop_session(SessionName name);
    Task<void> start_is_over();
    void use_engine(const EngineConfig& config);

    // Those that `reeve add` made.
    void run_session(const SessionName& name, const SessionConfig& config);
    void run_added_sessions();
    std::size_t names_taken() const;
    std::optional<Error> objection_to(const SessionName& name, const SessionConfig& session) const;
    std::optional<Error> objection_to_removing(const SessionName& name,
                                               const std::vector<SessionName>& with) const;
    std::optional<Error> objection_to_config(const Config& next) const;

    // Control.
    ControlSettings control_settings();
    Task<Result<std::string>> verb_status(std::string params, Caller caller);
    Task<Result<std::string>> verb_start(std::string params, Caller caller);
    Task<Result<std::string>> verb_stop(std::string params, Caller caller);
    Task<Result<std::string>> verb_restart(std::string params, Caller caller);
    Task<Result<std::string>> verb_reload(std::string params, Caller caller);
    Task<Result<std::string>> verb_reap(std::string params, Caller caller);
    Task<Result<std::string>> verb_add(std::string params, Caller caller);
    Task<Result<std::string>> verb_rm(std::string params, Caller caller);
    Task<Result<std::string>> verb_shutdown(std::string params, Caller caller);
    Task<Result<std::string>> verb_instance_register(std::string params, Caller caller);
    Task<Result<std::string>> verb_instance_track(std::string params, Caller caller);
    Task<Result<std::string>> verb_instance_untrack(std::string params, Caller caller);
    Task<Result<std::string>> verb_instance_unregister(std::string params, Caller caller);
    Task<Result<std::string>> verb_waiting(std::string params, Caller caller);
    Task<Result<std::string>> change_instance(InstanceId id, std::string doing,
                                              InstanceChanges::Change change);
    Task<Result<SessionRecord>> tracked_container(InstanceId id, std::string name);
    Task<Status> wait_started(std::shared_ptr<Session> session, Caller caller);
    using Sessions = std::vector<std::shared_ptr<Session>>;
    Result<std::vector<SessionName>> names_in(const std::string& params) const;
    Result<Sessions> sessions_named(const std::string& params);
    Sessions with_what_they_come_after(Sessions chosen);

    StatusSnapshot snapshot();
    void note_output(const SessionName& name, const std::string& problem);
    SessionStatus session_status(const Session& session) const;
    Task<void> measure();

    // Events.
    void remember_states();
    void tell_changes();
    void tell_attention();
    void tell_reap(const LastReap& reap);
    void tell_receipt(const std::string& receipt);
    void tell_sessions(const std::vector<SessionName>& added, const std::vector<SessionName>& changed,
                       const std::vector<SessionName>& removed);

    Executor executor_;
    Store store_;
    LifecycleLock lock_;
    Config config_;                        // but its sessions: each has its own part of it
    std::vector<SessionName> configured_;  // those that it names, sorted
    bool is_configured(const SessionName& name) const {
        return std::binary_search(configured_.begin(), configured_.end(), name);
    }
    ConfigText config_text_;
    std::string config_path_;
    SupervisorSettings settings_;
    EventLog log_;
    Worker worker_;
    // For our own record alone: what must be on disk before a session's code runs stands behind no status.
    Worker record_worker_;
    TaskGroup session_tasks_, tasks_;
    Notifier changed_;  // the state of the supervisor or of a session
    Notifier status_dirty_;
    Notifier reap_wanted_;
    InstanceRecord record_;
    std::unique_ptr<DurableFile> record_file_, status_file_, memory_file_, metrics_file_, adoptable_file_;
    Notifier memories_written_;
    int memories_under_way_ = 0;
    std::optional<std::string> told_anchor_;
    bool record_stale_ = false, memory_stale_ = false;  // changed, and not yet given to their files
    bool writing_soon_ = false;
    SessionMemories memories_;
    AddedSessions added_;
    UsageMeter usage_;
    EventHub events_;
    InstanceRegistry registry_;
    InstanceChanges instance_changes_{executor_, worker_, registry_, [this] { return closing_; }};
    ReceiptBook receipts_;
    std::unique_ptr<OutputWriter> output_;
    std::map<SessionName, std::string> output_problems_;  // of sessions whose output cannot be written now
    ProcessSurroundings process_around_;
    ContainerSurroundings container_around_;
    std::unique_ptr<EngineService> engine_;  // of the configuration
    // Those that only records name.
    std::map<EngineAddress, std::unique_ptr<EngineService>> other_engines_;
    std::unique_ptr<ControlServer> control_;
    std::unique_ptr<InstanceWatch> instance_watch_;
    std::unique_ptr<ForeignWatch> foreign_watch_;
    std::vector<std::string> foreign_left_alone_;  // for people
    // Shared with the requests that wait for one: a reload may take it out meanwhile.
    std::map<SessionName, std::shared_ptr<Session>> sessions_;
    std::map<SessionName, std::shared_ptr<Session>> followers_;  // those that come after others

    std::set<SessionName> being_added_, being_removed_;
    std::map<SessionName, std::string> aside_;  // added sessions that cannot be run now, and why

    // What listeners of events know.
    SupervisorState told_state_ = SupervisorState::starting;
    std::map<SessionName, std::pair<SessionState, bool>> told_sessions_;
    std::vector<std::string> told_attention_;

    Notifier* anchor_watch_ = nullptr;  // while watch_anchor waits
    std::set<Reaper*> reapers_;         // at work

    SupervisorState state_ = SupervisorState::starting;
    std::optional<SupervisorState> written_state_;  // in the status file
    std::uint64_t seq_ = 0;
    bool stop_asked_ = false, dirty_ = false, closing_ = false;
    std::chrono::steady_clock::time_point code_goes_back_{};
    bool reap_now_ = false, reap_everywhere_ = false;  // with reap_everywhere_: through every engine, too
    bool reaping_ = false, reap_again_ = false;        // one is under way; another must follow it
    bool at_engines_ = false;                          // the one under way has done its processes
    std::uint64_t reaps_begun_ = 0, reaps_done_ = 0;
    std::chrono::milliseconds reap_pause_{1'000};  // before what is pending is tried again
    std::chrono::steady_clock::time_point next_reap_{};
    bool lost_lock_ = false, reloading_ = false, upgrading_ = false;
    int changing_ = 0;  // requests under way that must not be cut off
    int upgrades_ = 0;
    std::optional<std::chrono::steady_clock::time_point> stop_deadline_;
    std::optional<LastReap> last_reap_;
    ReapCounts totals_;
    InstanceCounts instances_;
    std::vector<PendingReap> pending_;
    std::vector<std::string> attention_;
    Status outcome_ = done;
};

}  // namespace reeve

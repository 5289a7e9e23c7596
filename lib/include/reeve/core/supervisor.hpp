// The supervisor's whole life, in the order of docs/architecture.md: record, reap, start, serve, stop.
//
// Possession of the lock is taken as proof that nobody else supervises this store. Thread rule: everything
// runs on one loop; the disk has a worker beside it.
#pragma once

#include "reeve/base/task_group.hpp"
#include "reeve/base/worker.hpp"
#include "reeve/core/container_runner.hpp"
#include "reeve/core/control.hpp"
#include "reeve/core/durable_file.hpp"
#include "reeve/core/engine_service.hpp"
#include "reeve/core/event_log.hpp"
#include "reeve/core/instance_watch.hpp"
#include "reeve/core/process_runner.hpp"
#include "reeve/core/reaper.hpp"
#include "reeve/core/session.hpp"
#include "reeve/store/lifecycle_lock.hpp"
#include "reeve/store/store.hpp"

#include <sys/resource.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

struct SupervisorSettings {
    std::string version;
    Host here;
    InstanceRecord record;             // of this life, without sessions
    std::optional<pid_t> anchor_pid;   // our parent; its end is ours
    bool safe_mode = false;            // after a crash loop: nothing is launched or reaped by itself
    std::optional<rlimit> open_files;  // what sessions get; we may have raised our own
    std::function<Result<Config>()> load_config;  // reads it again; the error names line and pointer
    std::function<void(const std::string&)> notify_manager;  // sd_notify text, e.g. "READY=1"
};

class Supervisor final : public SessionHost {
  public:
    Supervisor(Executor executor, Store store, LifecycleLock lock, Config config, SupervisorSettings settings,
               EventLog log);
    ~Supervisor() override;

    // Completes when everything has been stopped and released. The error is why it could not go on.
    Task<Status> run();
    // Safe to call from signal handlers of the loop. The second call ends every grace.
    void ask_stop(std::string why);
    void ask_reload();

  private:
    // sd_notify text for whoever manages us, if anybody does.
    void tell_manager(const std::string& text) const {
        if (settings_.notify_manager) settings_.notify_manager(text);
    }
    void tell_manager_how_it_goes();
    std::string told_manager_;
    // SessionHost
    Task<Status> record(SessionName name, SessionRecord record) override;
    void forget(const SessionName& name) override;
    void status_changed() override;
    bool is_ready(const SessionName& name) const override;

    // The life, step by step.
    Task<Status> begin();
    Task<void> reap_and_start();
    Task<void> reap_containers_and_go_on(std::shared_ptr<Reaper> first);
    Task<void> serve_until_asked();
    Task<void> stop_everything();
    Task<void> stop_sessions();
    Task<void> let_go();

    // Beside it.
    Task<void> keep_status();
    Task<void> keep_reaping();
    Task<void> watch_lock();
    Task<void> watch_anchor();
    Task<void> watch_instances();
    void reap_soon();
    void stay_safe();
    Task<void> commit_record();
    Task<void> reload();
    void take_report(const ReapReport& report);
    ReaperSettings reaper_settings();

    // Sessions and configuration.
    void add_session(const SessionName& name, const SessionConfig& config);
    Task<Result<std::string>> apply(Config next);
    Task<void> drop_session(SessionName name);

    // Control.
    ControlVerbs verbs();
    Task<Result<std::string>> verb_status(std::string params);
    Task<Result<std::string>> verb_start(std::string params);
    Task<Result<std::string>> verb_stop(std::string params);
    Task<Result<std::string>> verb_restart(std::string params);
    Task<Result<std::string>> verb_reload(std::string params);
    Task<Result<std::string>> verb_reap(std::string params);
    using Sessions = std::vector<std::shared_ptr<Session>>;
    Result<Sessions> sessions_named(const std::string& params);
    Sessions with_what_they_come_after(Sessions chosen);

    StatusSnapshot snapshot();

    Executor executor_;
    Store store_;
    LifecycleLock lock_;
    Config config_;
    SupervisorSettings settings_;
    EventLog log_;
    Worker worker_;
    TaskGroup session_tasks_, tasks_;
    Notifier changed_;  // the state of the supervisor or of a session
    Notifier status_dirty_;
    Notifier reap_wanted_;
    InstanceRecord record_;
    std::unique_ptr<DurableFile> record_file_, status_file_;
    InstanceRegistry registry_;
    ReceiptBook receipts_;
    ProcessSurroundings process_around_;
    ContainerSurroundings container_around_;
    std::unique_ptr<EngineService> engine_;
    std::unique_ptr<ControlServer> control_;
    std::unique_ptr<InstanceWatch> instance_watch_;
    // Shared with the requests that wait for one: a reload may take it out meanwhile.
    std::map<SessionName, std::shared_ptr<Session>> sessions_;

    Notifier* anchor_watch_ = nullptr;  // while watch_anchor waits

    SupervisorState state_ = SupervisorState::starting;
    std::uint64_t seq_ = 0;
    bool stop_asked_ = false, dirty_ = false, closing_ = false;
    bool reap_now_ = false, reap_everywhere_ = false;  // with reap_everywhere_: through every engine, too
    bool lost_lock_ = false, reloading_ = false;
    std::optional<std::chrono::steady_clock::time_point> stop_deadline_;
    std::optional<LastReap> last_reap_;
    ReapCounts totals_;
    InstanceCounts instances_;
    std::vector<PendingReap> pending_;
    std::vector<std::string> attention_;
    Status outcome_ = done;
};

}  // namespace reeve

// Clears what dead instances left: processes by proved identity, containers, networks and volumes by label
// and inspection. A record goes only after everything it names was seen to be gone.
//
// Usable with a running supervisor and without one: instances are claimed by the kernel's lock on their
// files, so two reapers never work on one.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/worker.hpp"
#include "reeve/core/engine_address.hpp"
#include "reeve/core/event_log.hpp"
#include "reeve/core/process_finder.hpp"
#include "reeve/core/receipts.hpp"
#include "reeve/engine/container_engine.hpp"
#include "reeve/model/config.hpp"
#include "reeve/model/status_snapshot.hpp"
#include "reeve/store/instance_registry.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace reeve {

class ForeignReaper;
class Takedown;

// One thing that a reap would end or remove, or leave alone, and why.
struct ReapItem {
    InstanceId instance;
    SessionName session;
    std::string what;      // "process", "container", "network", "volume", "record"
    std::string name;      // pid, container name, ...
    std::string evidence;  // or the reason to leave it alone
    bool will_go = true;
};

struct ReapProblem {
    InstanceId instance;  // empty: not one instance's
    std::string what;
    std::string why;
};

struct ReapReport {
    std::string started_at;
    long long duration_ms = 0;
    ReapCounts counts;
    std::vector<ReapProblem> problems;  // what stays to be done
    // Dead, but claimed by somebody else: another reaper, or for a moment a child of one between fork and
    // exec. Nobody knows how that ends, so whoever goes on running looks again.
    std::vector<InstanceId> busy;
};

// What a reap that is under way waits for right now.
struct ReapProgress {
    std::size_t processes = 0;  // found to end, those that have ended since included
    std::size_t processes_gone = 0;
    std::optional<std::chrono::milliseconds> killed_in;  // of their grace; nothing when it is over
    std::size_t containers = 0;                          // an engine is removing them
};

struct ReaperSettings {
    StorePaths paths;
    StoreId store;
    Host here;
    InstanceId self;  // never reaped; empty when there is none
    InstanceId
        finish;  // its owner asks for its end: dead, although the owner lives; nothing else is reaped then
    // Look only through engines that a dead instance's record names: enough when one owner has just died, and
    // it spares an engine call when that one had no containers.
    bool only_recorded_engines = false;
    // Ask no engine: what dead instances left in one stays on record, and is no problem of this reap's. Nor
    // is an instance that somebody else has claimed. For when another reap waits for an engine already.
    bool only_processes = false;
    // Leave alone what waits for the next supervisor: sessions that are to be adopted and still run.
    bool spare_adoptable = false;
    std::chrono::milliseconds grace{5'000};
    std::function<void()> before_containers;  // called by run() when the processes are done; may be empty
    std::function<void(const std::string& line)> on_receipt;  // as ReceiptBook::on_write
    // Engines to look through at every reap, and how to make one that only a record names.
    std::vector<ContainerEngine*> engines;
    std::function<std::unique_ptr<ContainerEngine>(const std::string& name, const std::string& endpoint)>
        make_engine;
    // Directories of another program's files, reaped with containers(): by the first of the engines.
    std::vector<ForeignRegistryConfig> foreign_registries;
};

class Reaper {
  public:
    Reaper(Executor executor, ReaperSettings settings, Worker& worker, EventLog& log);
    ~Reaper();

    // What a reap would do now. Touches nothing.
    Task<Result<std::vector<ReapItem>>> observe();

    // One reap is claim(), processes(), containers(), settle(), in this order; run() is all four. The steps
    // stand apart because sessions may start after processes() and need not wait for an engine.
    Task<Status> claim();
    Task<Status> processes();
    Task<Status> containers();
    Task<ReapReport> settle();
    // Between claim() and processes(): what dead supervisors have left to be adopted, the latest owner first;
    // and that one of it has an owner again, whose record is on disk. It is then none of this reap's any
    // more, in whatever dead instance's record it stands.
    struct Heirloom {
        InstanceRecord of;  // without sessions
        SessionName name;
        SessionRecord session;
    };
    std::vector<Heirloom> heirlooms() const;
    void give_away(const SessionRecord& session);
    Task<ReapReport> run();
    // From now on processes get no more grace; may be called while processes() is under way.
    void hurry();
    // Of processes() and containers() while they are under way.
    ReapProgress progress() const;

    // As of the last containers(): owners of other programs' instances, to be watched, and what was left
    // alone there, for people.
    std::vector<pid_t> foreign_owners() const;
    std::vector<std::string> foreign_left_alone() const;
    // As of the last claim().
    const InstanceCounts& instances() const { return instances_; }
    // Every engine that a record named, of whatever instance, when claim() read them.
    const std::set<EngineAddress>& engines() const { return engines_; }
    // Records that claim() could not read, now in quarantine.
    const std::vector<std::string>& unreadable() const { return unreadable_; }

  private:
    struct Case;        // one dead instance under our claim
    struct EngineWork;  // one engine's leftovers
    struct Scan {
        std::vector<InstanceRegistry::Entry> dead;  // their records could be read
        std::set<std::string> spared;               // instance ids whose containers must be left alone
        InstanceCounts counts;
        std::vector<std::filesystem::path> unreadable;
        std::set<EngineAddress> engines;
        // What living owners have on record: a dead one's record may still name it, when it was adopted.
        std::vector<SessionRecord> owned;
        std::set<std::pair<std::string, std::string>> owned_labels;  // instance and session

        bool owns(const SessionRecord& session) const;
        void add_owned(const InstanceRecord& record);
    };
    Task<Result<Scan>> scan();
    std::set<SessionName> waiting_for_an_heir(const InstanceRecord& record) const;
    OwnerState judge(const InstanceRecord& record) const;
    void add_leaders_of(const InstanceRecord& dead, const std::set<SessionName>& but,
                        std::vector<RecordedLeader>& leaders) const;
    std::vector<EngineWork> engines_for(const std::vector<const InstanceRecord*>& dead);
    Task<Status> look_through(EngineWork& work);
    Task<Status> clear(EngineWork& work);
    Task<void> reap_foreign();
    void problem(const InstanceId& instance, std::string what, std::string why);
    void receipt(const Receipt& receipt);

    Executor executor_;
    ReaperSettings settings_;
    Worker& worker_;
    EventLog& log_;
    InstanceRegistry registry_;
    ReceiptBook receipts_;
    std::unique_ptr<ForeignReaper> foreign_;  // only when there are such registries
    std::vector<std::unique_ptr<ContainerEngine>> made_;
    std::vector<Case> cases_;
    ReapReport report_;
    std::chrono::steady_clock::time_point began_;
    InstanceCounts instances_;
    std::set<EngineAddress> engines_;
    std::vector<std::string> unreadable_;
    Takedown* takedown_ = nullptr;  // while processes() waits for it
    std::size_t containers_waited_for_ = 0;
    bool hurried_ = false;
};

}  // namespace reeve

// Clears what dead instances of another program left, by the files that it wrote (see
// model/foreign_record.hpp): the processes that started before the file was written, with what descends from
// them, and the containers that bear its label. A file goes only after everything that it names was seen to
// be gone; what is not certain is left alone and reported.
#pragma once

#include "reeve/core/event_log.hpp"
#include "reeve/core/reaper.hpp"
#include "reeve/core/takedown.hpp"
#include "reeve/model/config.hpp"
#include "reeve/store/foreign_registry.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace reeve {

struct ForeignReaperSettings {
    std::vector<ForeignRegistryConfig> registries;
    Host here;
    std::chrono::milliseconds grace{5'000};
    ContainerEngine* engine = nullptr;
    StorePaths paths;  // of our own store, for the receipts
};

// Where it is, with "~/" made the home directory.
Result<std::filesystem::path> directory_of(const ForeignRegistryConfig& config);

class ForeignReaper {
  public:
    ForeignReaper(Executor executor, ForeignReaperSettings settings, Worker& worker, EventLog& log);
    ~ForeignReaper();

    // What a reap would do now. Touches nothing.
    Task<Result<std::vector<ReapItem>>> observe();
    Task<ReapReport> run();
    // From now on processes get no more grace; may be called while run() is under way.
    void hurry();

    // As of the last run: who is to be watched, and what could not be read or told, for people.
    const std::vector<pid_t>& owners() const { return owners_; }
    const std::vector<std::string>& left_alone() const { return left_alone_; }

  private:
    struct Case;  // one dead instance
    Task<Status> look();
    void judge(const ForeignRegistry& registry, const std::string& label, ForeignRegistry::Entry entry);
    void judge_processes(Case& one);
    Task<Status> claim();
    Task<Status> end_processes();
    Task<Result<std::vector<ProvenProcess>>> find();
    Task<Status> remove_containers(Case& one);
    Task<Result<std::vector<ContainerInfo>>> containers_of(const Case& one);
    Task<void> forget();
    void problem(const InstanceId& instance, std::string what, std::string why);

    Executor executor_;
    ForeignReaperSettings settings_;
    Worker& worker_;
    EventLog& log_;
    ReceiptBook receipts_;
    std::vector<std::unique_ptr<Case>> cases_;
    std::vector<RecordedLeader> leaders_;  // grows by what descends from them: a child outlives its parent
    std::vector<pid_t> owners_;
    std::vector<std::string> left_alone_;
    ReapReport report_;
    Takedown* takedown_ = nullptr;
    bool hurried_ = false;
};

}  // namespace reeve

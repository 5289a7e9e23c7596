// Changes of the records of other programs' instances, many of them for one write (group commit).
//
// A change is reported as done when it is durable: its record was written, synced and renamed, and the folder
// synced. One commit is under way at a time; all changes that come meanwhile, of whatever instance, share the
// next one, which writes each record once and syncs the folder once. Commits begin at least 10 ms apart, so
// that a record is written at most a hundred times a second however many changes there are; the first one
// after a pause waits for nothing.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/worker.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/store/instance_registry.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace reeve {

// Thread rule: the loop's thread. Changes are called on the worker.
class InstanceChanges {
  public:
    enum class Outcome { nothing, write, forget };  // forget: the record is to go
    using Change = std::function<Result<Outcome>(InstanceRecord&)>;

    // `closing`: asked on the loop; once it is true, nobody waits for a record that somebody else holds.
    InstanceChanges(Executor executor, Worker& worker, InstanceRegistry registry,
                    std::function<bool()> closing);

    // Changes the record of an instance that was registered (kind external). An error of `change` refuses it
    // and is the answer; the record is then as it was. `doing` begins the errors. A record that somebody else
    // holds is waited for, up to 2 s.
    Task<Status> make(InstanceId id, std::string doing, Change change);
    std::uint64_t commits() const { return commits_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Wanted {
        InstanceId id;
        std::string doing;
        Change change;
        Clock::time_point give_up_at;
        bool answered = false;
        Status answer = done;
        // As of the commit under way.
        bool busy = false;
        bool pending = false;  // applied, and to be durable
    };
    using Batch = std::vector<std::shared_ptr<Wanted>>;

    Status commit(const Batch& batch) const;
    void apply(const Batch& of_one, std::vector<InstanceRegistry::Claim>& written) const;

    Executor executor_;
    Worker& worker_;
    InstanceRegistry registry_;
    std::function<bool()> closing_;
    Notifier committed_;
    Batch waiting_;
    bool busy_ = false;
    Clock::time_point next_{};
    std::uint64_t commits_ = 0;
};

}  // namespace reeve

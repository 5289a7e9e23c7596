// Keeps one session as it is wanted: up or down, restarted by its policy, and always shown as it really is.
//
//   waiting ── what it comes after is ready ──▶ starting ── its code runs ──▶ running
//      ▲                                           │ failed                     │ ended, or is to stop
//      │                                           ▼                            ▼
//   stopped ◀── asked ──  exited / failed  ◀─ policy ── (seen empty) ◀──── stopping
//                              backoff ◀───────────┘
//
// Ending is the same whether the command left by itself or was told to: the whole tree goes, and only when it
// was seen to be gone does the session leave `stopping`.
//
// A session at rest, running or down, is a plain structure: nothing waits for it in a coroutine, whose frame
// would take room as long as it waits. What happens to it, or is wanted of it, wakes it; then one task acts
// until there is nothing more to do.
//
// Thread rule: the loop's thread. Ownership: the supervisor's; keeping() must be false before destruction.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/core/health.hpp"
#include "reeve/core/notifier.hpp"
#include "reeve/core/semaphore.hpp"
#include "reeve/model/config.hpp"
#include "reeve/model/handover.hpp"
#include "reeve/model/instance_record.hpp"
#include "reeve/model/restart.hpp"
#include "reeve/model/session_memory.hpp"
#include "reeve/model/status_snapshot.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve {

class Session;

// One life of a session's work: from launch until nothing of it is left.
struct Life {
    std::optional<LastExit> exit;   // how it ended, when that was seen
    bool clean = false;             // exit code 0
    bool engine_missing = false;    // the engine cannot be reached: not the session's fault, costs no restart
    std::string problem;            // for people; why it did not start, or what is left of it
    std::vector<std::string> left;  // what could not be ended: then the session stays as it is
};

// How a kind of session lives: begin() once, ended() whenever it may have ended by itself, end() at last.
// What waits in them for something that may take its time looks at session.must_end(), woken by
// session.changed().
class SessionRunner {
  public:
    virtual ~SessionRunner() = default;
    virtual const char* kind() const = 0;
    // Of whom only so many begin at a time; null: of those who need not wait for each other.
    virtual Semaphore* starts() const = 0;
    // Until its own code runs. False: it does not, nothing of it is left but what `life` says, and why.
    virtual Task<bool> begin(Session& session, Life& life) = 0;
    // Looks whether what runs has ended. If not, session.wake() says when it is to be asked again.
    virtual Task<bool> ended(Session& session) = 0;
    // Ends what is left of it, all of it. Called again, without any more grace, as long as life.left says
    // what could not be ended.
    virtual Task<void> end(Session& session, Life& life) = 0;
    // Across an exec of this process: what of a life must be handed on, between two turns of the loop; and
    // what another program has handed to us of one that is on record, as if begin() had begun it.
    virtual std::optional<HandedProcess> hand_over() = 0;
    virtual void take_over(Session& session, const SessionRecord& record,
                           const std::optional<HandedProcess>& handed) = 0;
    // Fills in what only the runner knows: pid, container id, containment.
    virtual void describe(SessionStatus& status) const = 0;
    // Ends the grace of a stop that is under way.
    virtual void hurry() = 0;
    // Who or what a stop is waiting for right now, for people.
    virtual std::vector<std::string> waiting_for() const = 0;
    // How long that still has before it is killed; nothing when that is not known.
    virtual std::optional<std::chrono::milliseconds> killed_in() const = 0;
    // A probe of the life that has just begun; the error is a mistake that no second look mends.
    enum class Question { ready, live };
    virtual Result<std::unique_ptr<Probe>> make_probe(Session& session, const ProbeTarget& target,
                                                      Question question) = 0;
    // The end of what the last life has printed (output_tail.hpp); empty when there is nothing.
    virtual std::string last_output(const Session& session) const = 0;
};

// What sessions need from whoever runs them.
class SessionHost {
  public:
    virtual ~SessionHost() = default;
    // Runs session.act() as a task of its own. Not before the loop's next turn: whoever wakes a session may
    // be in the middle of something.
    virtual void act_soon(Session& session) = 0;
    // Writes the session's part of the instance record; completes when it is durable.
    virtual Task<Status> record(SessionName name, SessionRecord record) = 0;
    // Takes it out: its resources were seen to be gone. Need not be durable before anything else happens.
    virtual void forget(const SessionName& name) = 0;
    // Keeps what the next supervisor must know; completes when it is durable, or could not be made so.
    virtual Task<void> remember(SessionName name, SessionMemory memory) = 0;
    // The same without waiting for it: it is durable before record() completes.
    virtual void remember_soon(const SessionName& name, SessionMemory memory) = 0;
    // For the log: why a life was ended, or a session given up.
    virtual void note(const SessionName& name, const std::string& what, const std::string& why) = 0;
    // Some status has changed.
    virtual void status_changed() = 0;
    // Whether the session named is up and ready, for those that come after it.
    virtual bool is_ready(const SessionName& name) const = 0;
    // Nothing new is begun for now: another program is about to be executed in our place.
    virtual bool held() const = 0;
};

class Session {
  public:
    Session(Executor executor, SessionName name, SessionConfig config, SessionHost& host,
            std::unique_ptr<SessionRunner> runner);

    const SessionName& name() const { return name_; }
    const SessionConfig& config() const { return config_; }
    SessionStatus status() const;
    SessionState state() const { return state_; }
    bool ready() const { return state_ == SessionState::running && (!health_ || health_->ready()); }
    bool down() const;
    std::vector<std::string> waiting_for() const { return runner_->waiting_for(); }
    std::optional<std::chrono::milliseconds> killed_in() const { return runner_->killed_in(); }
    // It could not be ended so far, stays in `stopping`, and is tried again.
    bool left_behind() const { return left_behind_; }

    // What an earlier supervisor knew of it. Before anything else.
    void recall(SessionMemory memory);
    // The supervisor begins: up, unless the configuration says otherwise, somebody stopped it by hand and
    // that is to last, or it had been given up and its limit still counts.
    void start_with_supervisor();
    // Asks for it to be up. A session that had given up begins anew.
    void start();
    // Completes when it is ready, or when it is clear that it does not become so: the error says why.
    Task<Status> wait_started();
    // Asks for it to be down. By hand: with "unless-stopped" it stays so.
    enum class By { hand, supervisor };
    void ask_stop(By by = By::supervisor);
    // Asks, and completes when it was seen empty; the error names what is left.
    Task<Status> stop();
    void hurry() { runner_->hurry(); }
    // Something that it depends on has changed. One that waits for its turn to begin looks when that comes.
    void poke() {
        if (!turn_) wake();
    }

    // What of it cannot be interrupted by an exec right now, for people: a life that is just beginning or
    // ending. Empty: nothing.
    std::string moving() const;
    // What the next supervisor must know and is not on disk yet; and puts it there.
    bool unsaved() const { return unsaved_ || saving_; }
    Task<void> save_memory();
    // What another program of this process needs to go on with it, and what one has left for us: before
    // keep(), after recall().
    HandedSession hand_over() const;
    void take_over(const SessionStatus& seen, const HandedSession& handed,
                   const std::optional<SessionRecord>& record);
    bool taken_over() const { return taken_over_; }

    // From here on it is kept as it is wanted, until close(): then nothing of it runs any more once
    // keeping() is false.
    void keep();
    void close();
    // Its next life has been asked for, and its code does not run yet.
    bool beginning() const {
        return state_ == SessionState::starting || state_ == SessionState::waiting || start_again_;
    }
    bool keeping() const { return keeping_; }

    // For runners.
    bool must_end() const { return asked_to_end() || judged(); }
    bool asked_to_end() const { return !wanted_ || closing_; }
    Notifier& changed() { return changed_; }
    void wake();
    void set_state(SessionState state);
    void mark_started(std::chrono::system_clock::time_point at);

    // For the host: does what there is to do.
    Task<void> act();

  private:
    Task<void> act_until_rest();
    Task<bool> life_is_over();
    Task<void> begin_life();
    Task<void> end_life();
    Task<void> conclude(Life life);
    Task<void> end_what_is_left(Life& life);
    Task<void> pause(std::chrono::milliseconds delay);
    void after_life(const Life& life, std::chrono::milliseconds ran);
    static std::string describe(const LastExit& exit);  // for people
    bool may_start() const;
    bool may_begin();
    bool judged() const { return health_ && health_->verdict(); }  // by its probes: it must end
    void begin_health(bool ready_before = false);

    SessionName name_;
    SessionConfig config_;
    SessionHost& host_;
    std::unique_ptr<SessionRunner> runner_;
    std::unique_ptr<Semaphore::Turn> turn_;  // to begin; none: it neither waits for it nor begins
    Notifier changed_;                       // wishes and events, for act() and the runner
    Notifier settled_;                       // states, for those who wait for one
    SessionState state_ = SessionState::stopped;
    bool wanted_ = false, closing_ = false, keeping_ = false;
    bool acting_ = false;       // act() is to come, or has not ended
    bool woken_ = false;        // since act() has looked last
    bool lives_now_ = false;    // a life has begun that has not been ended
    bool start_again_ = false;  // somebody asked for it while it was being stopped
    bool left_behind_ = false, retry_now_ = false;
    bool broken_ = false;      // by a mistake of ours: nobody keeps it any more
    bool retrying_ = false;    // what was left behind is being ended again
    bool taken_over_ = false;  // from a former program of this process, or an earlier supervisor
    std::chrono::steady_clock::time_point life_began_{};
    std::optional<std::chrono::steady_clock::time_point> pause_ends_;
    int restarts_ = 0, lives_ = 0;
    int lives_before_start_ = 0;  // when somebody last asked for it to be up
    RestartBudget budget_;
    bool stopped_by_hand_ = false, unsaved_ = false, saving_ = false;  // of what remember() keeps
    std::unique_ptr<Health> health_;  // none: nothing is probed, so it is ready when it runs
    std::chrono::milliseconds engine_pause_{1000};
    std::optional<std::chrono::milliseconds> pause_;  // before the next life
    std::optional<std::chrono::system_clock::time_point> started_at_;
    Seldom<std::string> attention_, last_output_;
    Seldom<LastExit> last_exit_;
};

}  // namespace reeve

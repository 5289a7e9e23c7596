// The real reeve on a private store, in a private home, with everything that it starts under watch.
//
// At the end of the test nothing of it may be left: the destructor ends what is, and fails the test.
#pragma once

#include "support/run_program.hpp"
#include "support/temp_dir.hpp"
#include "support/watched_process.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reeve::test {

using Json = nlohmann::json;

// A session that runs a shell script.
Json shell(const std::string& script);

class PrivateDaemon {
  public:
    PrivateDaemon();
    PrivateDaemon(const PrivateDaemon&) = delete;
    PrivateDaemon& operator=(const PrivateDaemon&) = delete;
    ~PrivateDaemon();

    // --- before it starts ---

    // The configuration. It has no sessions and an engine that is not there, short graces, and is written
    // when the supervisor starts; write_config() writes it while one runs.
    Json config;
    Json& session(const std::string& name) { return config["sessions"][name]; }
    void write_config() const;
    std::map<std::string, std::string> env;  // on top of PATH and HOME
    // What launch() executes instead of `reeve --store STORE supervise --config FILE`, which is appended,
    // with "run" in the place of "supervise". pid() is then not the supervisor's.
    std::vector<std::string> run_through;

    std::filesystem::path home() const { return home_.path(); }
    std::filesystem::path store() const { return home_ / "store"; }

    // --- its life ---

    // Exactly one process, the supervisor.
    void launch();
    // The same, and waits until it runs and its first reap is over.
    void start();
    pid_t pid() const { return pid_; }
    bool exited();
    // How it ended: the exit status, or 128 + n when signal n ended it; -1 when it did not within the limit.
    int wait_exit(std::chrono::milliseconds limit = std::chrono::seconds(20));
    void signal(int number) const;
    // SIGTERM, then wait_exit().
    int stop();
    // For the end of a test: fails it when that does not exit with 0.
    void stop_if_it_runs();
    // kill -9, and waits until it is gone.
    void kill();
    // What it printed, over all its lives.
    std::string printed() const;

    // --- what can be seen of it ---

    Ended reeve(std::vector<std::string> words, std::chrono::seconds limit = std::chrono::seconds(30)) const;
    // The status file; null while there is none.
    Json status() const;
    Json session_status(const std::string& name) const;
    bool wait_for_state(const std::string& name, const std::string& state) const;
    std::vector<std::filesystem::path> records() const;
    Json only_record() const;
    Json record_of(const std::string& instance) const;
    // Takes the control groups out of the records, as if the system had none: what they tell without them
    // must do.
    void forget_cgroups();
    std::vector<Json> receipts() const;
    std::string log_of(const std::string& name) const;

    // --- what it runs ---

    // A command for scripts: the shell notes its own pid under a name. In the environment it uses nothing.
    std::string note(const std::string& name) const;
    // Waits until a process has noted its pid, and watches it from then on.
    const WatchedProcess& noted(const std::string& name);
    // The next call of noted() waits for another process.
    void forget_note(const std::string& name);
    std::filesystem::path note_file(const std::string& name) const { return home_ / ("pid." + name); }
    // Any other process that must not outlive the test.
    const WatchedProcess& watch(pid_t pid);
    // What carries this store's mark in its environment now.
    struct Mark {
        pid_t pid = -1;
        std::string instance, session;
    };
    std::vector<Mark> marks() const;
    // Neither that, nor anything that is watched.
    bool nothing_runs() const;

  private:
    std::map<std::string, std::string> environment() const;

    TempDir home_;
    pid_t pid_ = -1;
    std::list<WatchedProcess> watched_;
    std::map<std::string, const WatchedProcess*> noted_;
};

}  // namespace reeve::test

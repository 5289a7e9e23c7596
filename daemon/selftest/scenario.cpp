#include "selftest/scenario.hpp"

#include "commands/client.hpp"
#include "json_output.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/launcher.hpp"
#include "reeve/os/own_program.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/random.hpp"
#include "selftest/containers.hpp"
#include "selftest/zoo.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>

extern char** environ;  // unistd.h of macOS does not say so

namespace reeve {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience{20};

// The condition is looked at every few milliseconds: what is asked is the whole process table, which no
// descriptor can watch.
bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds limit = patience) {
    const auto deadline = Clock::now() + limit;
    while (!condition()) {
        if (Clock::now() >= deadline) return false;
        ::poll(nullptr, 0, 2);
    }
    return true;
}

// A program of ours, started for the scenario and gone with it.
class Started {
  public:
    static Result<Started> start(std::vector<std::string> arguments, const std::filesystem::path& folder,
                                 bool cgroups = true) {
        TRY(const std::filesystem::path own, own_program());
        LaunchSpec spec;
        spec.program = own.string();
        spec.argv = std::move(arguments);
        spec.argv.insert(spec.argv.begin(), "reeve");
        for (char** entry = environ; *entry != nullptr; ++entry) {
            if (!std::string_view(*entry).starts_with("REEVE_")) spec.env.emplace_back(*entry);
        }
        spec.env.push_back("REEVE_STORE=" + (folder / "store").string());
        if (!cgroups) spec.env.emplace_back("REEVE_CGROUP=off");
        spec.cwd = folder.string();
        TRY(GatedChild child, launch_gated(spec));
        CHECK(child.open());
        return Started(std::move(child.handle()));
    }
    Started(Started&&) = default;
    Started& operator=(Started&&) = delete;
    ~Started() {
        if (handle_.pid() <= 1 || handle_.exit_fd() < 0) return;
        (void)handle_.signal(SIGKILL).ok();
        wait();
    }
    pid_t pid() const { return handle_.pid(); }
    void signal(int number) const { (void)handle_.signal(number).ok(); }
    bool lives() const { return handle_.look().state == ProcessSeen::State::running; }
    void wait() const {
        pollfd ended{handle_.exit_fd(), POLLIN, 0};
        ::poll(&ended, 1, 20'000);
        (void)reap_exit(handle_.pid());
    }

  private:
    explicit Started(ProcessHandle handle) : handle_(std::move(handle)) {}
    ProcessHandle handle_;
};

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "reeve-selftest-XXXXXX").string();
        if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

class Scenario {
  public:
    Scenario(Victim victim, Setting setting)
        : victim_(victim),
          setting_(std::move(setting)),
          mark_(new_uuid()),
          innocent_mark_(new_uuid()),
          paths_{folder_.path() / "store"} {}

    Status play(ScenarioResult& result) {
        TRY(const std::filesystem::path own, own_program());
        // Two bystanders: one like the zoo's members, one that even carries somebody else's token.
        TRY(const Started first, Started::start({"zoo", innocent_mark_, "child-polite"}, folder_.path()));
        TRY(const Started second,
            Started::start({"zoo", innocent_mark_, "own-session-polite"}, folder_.path()));
        const bool through_exec = victim_ == Victim::exec_caller || victim_ == Victim::exec_anchor;
        Status played =
            through_exec ? play_exec(own.string(), result) : play_supervisor(own.string(), result);
        result.survivors = static_cast<int>(find_marked(mark_).size());
        result.innocents = (first.lives() ? 0 : 1) + (second.lives() ? 0 : 1);
        // What a failure has left must not outlive the test. They are ours by a mark that only this scenario
        // knows.
        for (const pid_t pid : find_marked(mark_)) ::kill(pid, SIGKILL);
        if (setting_.image) result.containers_left = count_containers(paths_);
        return played;
    }

  private:
    Status play_supervisor(const std::string& own, ScenarioResult& result) {
        CHECK(write_config(own));
        const std::vector<std::string> run{"run", "--config", (folder_.path() / "reeve.json").string()};
        TRY(Started anchor, Started::start(run, folder_.path(), setting_.cgroups));
        const int wanted = 2 * zoo_size();
        if (!wait_until(
                [&] { return static_cast<int>(find_marked(mark_).size()) == wanted && everything_runs(); })) {
            anchor.signal(SIGTERM);
            anchor.wait();
            return Error(Errc::timed_out, "starting the zoo",
                         std::to_string(find_marked(mark_).size()) + " of " + std::to_string(wanted) +
                             " processes came up");
        }
        result.members = wanted;
        if (setting_.image) result.containers = count_containers(paths_);
        TRY(const ObservedStatus seen, observe_status(paths_));
        result.containment = containment_in(seen.snapshot);
        TRY(const auto supervisor, ProcessHandle::open(seen.snapshot.pid));
        const pid_t dead_supervisor = seen.snapshot.pid;
        const bool theirs_too = victim_ == Victim::session_anchors || victim_ == Victim::all_anchors;
        const std::vector<ProcessHandle> session_anchors =
            theirs_too ? find_session_anchors(dead_supervisor) : std::vector<ProcessHandle>();
        if (theirs_too && session_anchors.empty())
            return Error(Errc::failed, "finding the sessions' anchors", "there are none");
        // The next life must not start new zoos, or nobody could count the old ones.
        CHECK(write_empty_config());
        const auto began = Clock::now();
        CHECK(strike(anchor, supervisor, session_anchors));
        std::optional<Started> next;
        if (victim_ == Victim::both || victim_ == Victim::all_anchors) {
            // A process that was sent SIGKILL still holds its lock while the kernel takes it down.
            pollfd ended{supervisor ? supervisor->exit_fd() : -1, POLLIN, 0};
            ::poll(&ended, 1, 20'000);
            anchor.wait();
            TRY(Started again, Started::start(run, folder_.path(), setting_.cgroups));
            next.emplace(std::move(again));
        }
        wait_until([&] { return find_marked(mark_).empty(); });
        result.ms = static_cast<long>(
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count());
        return settle(anchor, next, dead_supervisor);
    }

    Status strike(const Started& anchor, const std::optional<ProcessHandle>& supervisor,
                  const std::vector<ProcessHandle>& session_anchors) const {
        switch (victim_) {
            case Victim::nobody_stop_asked:
                anchor.signal(SIGTERM);
                break;
            case Victim::nobody_sessions_stopped:
                return stop_sessions();
            case Victim::supervisor:
                if (supervisor) (void)supervisor->signal(SIGKILL).ok();
                break;
            case Victim::anchor:
                anchor.signal(SIGKILL);
                break;
            case Victim::session_anchors:
                for (const ProcessHandle& each : session_anchors) (void)each.signal(SIGKILL).ok();
                break;
            default:
                anchor.signal(SIGKILL);
                if (supervisor) (void)supervisor->signal(SIGKILL).ok();
                for (const ProcessHandle& each : session_anchors) (void)each.signal(SIGKILL).ok();
                break;
        }
        return done;
    }

    Status stop_sessions() const {
        const std::string names = R"({"names":["polite","stubborn"]})";
        const auto answer = ask_supervisor(paths_, "stop", names, patience);
        return answer.ok() ? done : Status(answer.error());
    }

    // Told from the supervisor's other children by their name.
    static std::vector<ProcessHandle> find_session_anchors(pid_t supervisor) {
        std::vector<ProcessHandle> found;
        const auto table = list_processes();
        if (!table.ok()) return found;
        for (const ProcessEntry& entry : *table) {
            if (entry.parent != supervisor || entry.name != "reeve-anchor") continue;
            auto handle = ProcessHandle::open(entry.pid);
            if (handle.ok() && handle->has_value()) found.push_back(std::move(**handle));
        }
        return found;
    }

    static std::string containment_in(const StatusSnapshot& snapshot) {
        const auto it = snapshot.sessions.find({"polite"});
        return it != snapshot.sessions.end() ? it->second.containment.value_or("") : std::string();
    }

    // The supervisor that follows must have cleared the registry; then everything is stopped in good order.
    Status settle(const Started& anchor, std::optional<Started>& next, pid_t dead_supervisor) {
        const bool stops = victim_ == Victim::nobody_stop_asked || victim_ == Victim::anchor;
        const bool goes_on = victim_ == Victim::nobody_sessions_stopped || victim_ == Victim::session_anchors;
        if (goes_on) anchor.signal(SIGTERM);
        if (!stops && !goes_on) {
            const bool settled = wait_until([&] {
                const auto now = observe_status(paths_);
                return now.ok() && now->alive && now->known && now->snapshot.pid != dead_supervisor &&
                       now->snapshot.last_reap && now->snapshot.instances.dead == 0;
            });
            if (!settled)
                return Error(Errc::timed_out, "waiting for the next supervisor",
                             "it has not cleared the registry");
            (next ? *next : anchor).signal(SIGTERM);
        }
        (next ? *next : anchor).wait();
        const bool stopped = wait_until([&] {
            const auto now = observe_status(paths_);
            return now.ok() && !now->alive;
        });
        if (!stopped) return Error(Errc::timed_out, "stopping the supervisor", "it is still there");
        return done;
    }

    Status play_exec(const std::string& own, ScenarioResult& result) {
        const std::string zoo = own + " zoo " + mark_ + " leader-polite";
        // The caller is a shell, so that it can be killed without us.
        const std::string script = own + " exec --grace 300ms -- " + zoo + " & echo $! > exec.pid; wait";
        LaunchSpec spec;
        spec.program = "/bin/sh";
        spec.argv = {"sh", "-c", script};
        spec.env = {"PATH=/usr/bin:/bin", "HOME=" + folder_.path().string(),
                    "REEVE_STORE=" + paths_.root.string()};
        if (!setting_.cgroups) spec.env.emplace_back("REEVE_CGROUP=off");
        spec.cwd = folder_.path().string();
        // With a supervisor, because an exec whose anchor is killed needs somebody who watches.
        CHECK(write_empty_config());
        TRY(Started supervisor, Started::start({"run", "--config", (folder_.path() / "reeve.json").string()},
                                               folder_.path(), setting_.cgroups));
        const bool up = wait_until([&] {
            const auto now = observe_status(paths_);
            return now.ok() && now->alive && now->known && now->snapshot.state == SupervisorState::running;
        });
        if (!up) return Error(Errc::timed_out, "starting the supervisor", "it does not run");
        TRY(GatedChild shell, launch_gated(spec));
        CHECK(shell.open());
        bool shell_ended = false;
        const auto end_shell = [&shell, &shell_ended] {
            if (shell_ended) return;
            (void)shell.handle().signal(SIGKILL).ok();
            shell_ended = wait_until([&] { return reap_exit(shell.pid()).has_value(); });
        };
        if (!wait_until([&] {
                return static_cast<int>(find_marked(mark_).size()) == zoo_size() && instances() == 2;
            })) {
            end_shell();
            return Error(Errc::timed_out, "starting the zoo", "not all of it came up");
        }
        result.members = zoo_size();
        const auto pid_text = read_file(folder_.path() / "exec.pid");
        const pid_t exec_pid = pid_text.ok() ? static_cast<pid_t>(std::atoi(pid_text->c_str())) : -1;
        TRY(const auto exec, ProcessHandle::open(exec_pid));
        const auto began = Clock::now();
        if (victim_ == Victim::exec_caller)
            end_shell();
        else if (exec)
            (void)exec->signal(SIGKILL).ok();
        wait_until([&] { return find_marked(mark_).empty(); });
        result.ms = static_cast<long>(
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count());
        end_shell();
        const bool forgotten = wait_until([&] { return instances() == 1; });
        supervisor.signal(SIGTERM);
        supervisor.wait();
        if (!forgotten) return Error(Errc::timed_out, "waiting for the record to go", "it is still there");
        return done;
    }

    int instances() const {
        std::error_code ec;
        int count = 0;
        for (const auto& item : std::filesystem::directory_iterator(paths_.instances(), ec)) {
            if (item.path().extension() == ".json") ++count;
        }
        return count;
    }

    bool everything_runs() const {
        const auto seen = observe_status(paths_);
        if (!seen.ok() || !seen->alive || !seen->known) return false;
        return std::all_of(seen->snapshot.sessions.begin(), seen->snapshot.sessions.end(),
                           [](const auto& session) { return session.second.state == SessionState::running; });
    }

    Status write_config(const std::string& own) {
        const auto zoo = [&](const char* kind) {
            return JsonOutput{
                {"command", {own, "zoo", mark_, kind}}, {"stop", {{"grace", "300ms"}}}, {"restart", "never"}};
        };
        JsonOutput sessions{{"polite", zoo("leader-polite")}, {"stubborn", zoo("leader-stubborn")}};
        if (setting_.image) {
            sessions["box"] = {{"image", *setting_.image},
                               {"args", {"sh", "-c", "while :; do sleep 1; done"}},
                               {"stop", {{"grace", "1s"}}}};
        }
        return write({{"reap_grace", "300ms"}, {"sessions", sessions}});
    }
    Status write_empty_config() {
        return write({{"reap_grace", "300ms"}, {"sessions", JsonOutput::object()}});
    }
    Status write(const JsonOutput& config) {
        return replace_file(folder_.path() / "reeve.json", config.dump(2));
    }

    TemporaryFolder folder_;
    Victim victim_;
    Setting setting_;
    std::string mark_, innocent_mark_;
    StorePaths paths_;
};

}  // namespace

ScenarioResult play(const std::string& name, Victim victim, const Setting& setting) {
    ScenarioResult result;
    result.name = name;
    Scenario scenario(victim, setting);
    const Status played = scenario.play(result);
    if (!played.ok()) result.trouble = played.error().message();
    return result;
}

}  // namespace reeve

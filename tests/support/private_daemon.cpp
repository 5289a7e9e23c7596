#include "support/private_daemon.hpp"

#include "reeve/base/scope_exit.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/os/cgroup.hpp"
#include "reeve/os/process_table.hpp"
#include "support/text_file.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <stdexcept>

namespace reeve::test {
namespace {

Json parsed(const std::string& text) {
    Json json = Json::parse(text, nullptr, false);
    return json.is_discarded() ? Json() : json;
}

// In a process group of its own, like a daemon that a service manager starts.
pid_t spawn(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env,
            const std::string& output) {
    std::vector<std::string> words = argv;
    std::vector<std::string> variables;
    for (const auto& [name, value] : env) variables.push_back(name + "=" + value);
    const auto pointers = [](std::vector<std::string>& texts) {
        std::vector<char*> result;
        for (auto& text : texts) result.push_back(text.data());
        result.push_back(nullptr);
        return result;
    };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    const ScopeExit tidy([&] {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    });
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    pid_t pid = -1;
    if (::posix_spawn(&pid, words.at(0).c_str(), &actions, &attributes, pointers(words).data(),
                      pointers(variables).data()) != 0) {
        throw std::runtime_error("cannot start " + words.at(0));
    }
    return pid;
}

}  // namespace

Json shell(const std::string& script) { return {{"command", Json::array({"/bin/sh", "-c", script})}}; }

PrivateDaemon::PrivateDaemon() {
    config = {
        {"engine", {{"command", "no-engine-here"}}}, {"reap_grace", "300ms"}, {"sessions", Json::object()}};
}

PrivateDaemon::~PrivateDaemon() {
    if (pid_ > 0 && !exited()) kill();
    for (const Mark& mark : marks()) {
        const auto process = WatchedProcess::of(mark.pid);
        const auto now = marks();  // looked up again now that it is held
        const bool ours =
            std::any_of(now.begin(), now.end(), [&](const Mark& m) { return m.pid == mark.pid; });
        if (!process || !ours) continue;
        ADD_FAILURE() << "the test leaves process " << mark.pid << " behind: " << command_line_of(mark.pid);
        process->signal(SIGKILL);
        (void)process->gone_within(std::chrono::seconds(10));
    }
    for (const auto& process : watched_) {
        if (!process.running()) continue;
        ADD_FAILURE() << "the test leaves process " << process.pid()
                      << " behind: " << command_line_of(process.pid());
        process.signal(SIGKILL);
        (void)process.gone_within(std::chrono::seconds(10));
    }
    // The groups of lives that nobody reaped.
    for (const auto& path : records()) {
        const Json record = parsed(read_text(path));
        const std::string group = record.is_object() ? record.value("cgroup", "") : "";
        if (is_cgroup_of(group, path.stem().string())) (void)remove_cgroup(group).ok();
    }
    if (::testing::Test::HasFailure()) std::fprintf(stderr, "reeve printed:\n%s", printed().c_str());
}

void PrivateDaemon::write_config() const {
    // Renamed into place: a supervisor that reads it now gets the old or the new one.
    const auto path = home() / "config.json";
    write_text(path.string() + ".new", config.dump(2));
    std::filesystem::rename(path.string() + ".new", path);
}

std::map<std::string, std::string> PrivateDaemon::environment() const {
    std::map<std::string, std::string> all{{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"},
                                           {"HOME", home().string()}};
    for (const auto& [name, value] : env) all[name] = value;
    return all;
}

void PrivateDaemon::launch() {
    if (pid_ > 0 && !exited()) throw std::logic_error("one is running");
    write_config();
    std::vector<std::string> words = run_through;
    for (const std::string& word : {std::string(REEVE_BINARY), std::string("--store"), store().string(),
                                    std::string(run_through.empty() ? "supervise" : "run"),
                                    std::string("--config"), (home() / "config.json").string()})
        words.push_back(word);
    pid_ = spawn(words, environment(), (home() / "printed").string());
}

void PrivateDaemon::start() {
    launch();
    const bool up = wait_until([this] {
        const Json now = status();
        return exited() || (now.is_object() && now["pid"] == pid_ && now["state"] == "running" &&
                            !now["reaper"]["last_run"].is_null());
    });
    if (!up || pid_ <= 0) throw std::runtime_error("the supervisor does not start:\n" + printed());
}

bool PrivateDaemon::exited() {
    siginfo_t info{};
    return pid_ <= 0 || (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
                         info.si_pid == pid_);
}

int PrivateDaemon::wait_exit(std::chrono::milliseconds limit) {
    if (pid_ <= 0 || !wait_until([this] { return exited(); }, limit)) return -1;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void PrivateDaemon::signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);  // our child, and not waited for: the pid is its own
}

int PrivateDaemon::stop() {
    signal(SIGTERM);
    return wait_exit();
}

void PrivateDaemon::stop_if_it_runs() {
    if (exited()) return;
    EXPECT_EQ(stop(), 0) << printed();
}

void PrivateDaemon::kill() {
    signal(SIGKILL);
    (void)wait_exit();
}

std::string PrivateDaemon::printed() const { return read_text(home() / "printed"); }

Ended PrivateDaemon::reeve(std::vector<std::string> words, std::chrono::seconds limit) const {
    Program program;
    program.argv = {REEVE_BINARY, "--store", store().string()};
    program.argv.insert(program.argv.end(), words.begin(), words.end());
    program.env = environment();
    program.env["REEVE_CONFIG"] = (home() / "config.json").string();
    program.limit = limit;
    return run_program(program);
}

Json PrivateDaemon::status() const { return parsed(read_text(store() / "status.json")); }

Json PrivateDaemon::session_status(const std::string& name) const {
    const Json now = status();
    if (!now.is_object() || !now["sessions"].contains(name)) return {};
    return now["sessions"][name];
}

bool PrivateDaemon::wait_for_state(const std::string& name, const std::string& state) const {
    return wait_until([&] {
        const Json now = session_status(name);
        return now.is_object() && now["state"] == state;
    });
}

std::vector<std::filesystem::path> PrivateDaemon::records() const {
    std::vector<std::filesystem::path> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(store() / "instances", ignored)) {
        if (entry.path().extension() == ".json") found.push_back(entry.path());
    }
    return found;
}

Json PrivateDaemon::only_record() const {
    const auto found = records();
    return found.size() == 1 ? parsed(read_text(found.front())) : Json();
}

Json PrivateDaemon::record_of(const std::string& instance) const {
    return parsed(read_text(store() / "instances" / (instance + ".json")));
}

std::vector<Json> PrivateDaemon::receipts() const {
    std::vector<Json> lines;
    std::istringstream text(read_text(store() / "receipts.jsonl"));
    for (std::string line; std::getline(text, line);) lines.push_back(parsed(line));
    return lines;
}

std::string PrivateDaemon::log_of(const std::string& name) const {
    return read_text(store() / "logs" / (name + ".log"));
}

std::string PrivateDaemon::note(const std::string& name) const {
    return "echo $$ >" + note_file(name).string() + "; ";
}

const WatchedProcess& PrivateDaemon::noted(const std::string& name) {
    if (const auto it = noted_.find(name); it != noted_.end()) return *it->second;
    std::string text;
    const bool there = wait_until([&] {
        text = read_text(note_file(name));
        return text.ends_with('\n');
    });
    if (!there) throw std::runtime_error("no process has noted itself as " + name + ":\n" + printed());
    return *(noted_[name] = &watch(static_cast<pid_t>(std::stol(text))));
}

void PrivateDaemon::forget_note(const std::string& name) {
    noted_.erase(name);
    std::filesystem::remove(note_file(name));
}

const WatchedProcess& PrivateDaemon::watch(pid_t pid) {
    auto process = WatchedProcess::of(pid);
    if (!process) throw std::runtime_error("there is no process " + std::to_string(pid));
    return watched_.emplace_back(std::move(*process));
}

std::vector<PrivateDaemon::Mark> PrivateDaemon::marks() const {
    std::vector<Mark> marked;
    const auto everybody = list_processes();
    if (!everybody.ok()) return marked;
    for (const ProcessEntry& entry : *everybody) {
        if (entry.zombie) continue;
        const std::string block = environment_block_of(entry.pid);
        if (find_in_environment(block, "REEVE_STORE") != store().string()) continue;
        marked.push_back({entry.pid, std::string(find_in_environment(block, "REEVE_INSTANCE").value_or("")),
                          std::string(find_in_environment(block, "REEVE_SESSION").value_or(""))});
    }
    return marked;
}

bool PrivateDaemon::nothing_runs() const {
    const bool watched_run = std::any_of(watched_.begin(), watched_.end(),
                                         [](const WatchedProcess& process) { return process.running(); });
    return !watched_run && marks().empty();
}

}  // namespace reeve::test

#include "selftest/zoo.hpp"

#include "reeve/os/own_program.hpp"
#include "reeve/os/process_table.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <iterator>

extern char** environ;  // unistd.h of macOS does not say so

namespace reeve {
namespace {

constexpr unsigned lifetime_s = 600;

struct Kind {
    const char* name;
    bool own_group, own_session, twice, closed, bare;  // bare: with an empty environment
};

constexpr Kind kinds[] = {
    {"child", false, false, false, false, false},
    {"own-group", true, false, false, false, false},
    {"own-session", false, true, false, false, false},
    {"own-session-bare", false, true, false, false, true},
    {"double-fork", false, true, true, false, false},
    {"double-fork-closed-bare", false, true, true, true, true},
};

[[noreturn]] void become_member(const char* program, const std::string& mark, const std::string& kind,
                                bool bare) {
    std::vector<std::string> words{"reeve", "zoo", mark, kind};
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    char* none[] = {nullptr};
    ::execve(program, argv.data(), bare ? none : environ);
    ::_exit(127);
}

void start_member(const char* program, const std::string& mark, const Kind& kind, const char* manner) {
    const pid_t child = ::fork();
    if (child != 0) {
        if (kind.twice && child > 0) ::waitpid(child, nullptr, 0);  // the one in between leaves at once
        return;
    }
    if (kind.own_group) ::setpgid(0, 0);
    if (kind.own_session) ::setsid();
    if (kind.twice && ::fork() != 0) ::_exit(0);
    if (kind.closed) {
        for (int fd = 0; fd < 256; ++fd) ::close(fd);
    }
    become_member(program, mark, std::string(kind.name) + "-" + manner, kind.bare);
}

[[noreturn]] void stay() {
    ::alarm(lifetime_s);
    for (;;) ::pause();
}

}  // namespace

int zoo_size() { return 1 + 2 * static_cast<int>(std::size(kinds)); }

int run_zoo(const Options& options) {
    const std::string& kind = options.action;
    if (kind.ends_with("stubborn")) std::signal(SIGTERM, SIG_IGN);
    if (!kind.empty() && !kind.starts_with("leader")) stay();
    const auto program = own_program();
    if (!program.ok()) return 1;
    for (const Kind& each : kinds) {
        start_member(program->c_str(), options.subject, each, "polite");
        start_member(program->c_str(), options.subject, each, "stubborn");
    }
    stay();
}

std::vector<pid_t> find_marked(const std::string& mark) {
    std::vector<pid_t> found;
    const auto table = list_processes();
    if (!table.ok()) return found;
    for (const ProcessEntry& entry : *table) {
        if (entry.zombie) continue;
        // "reeve zoo MARK ...": a shell that only speaks of it has another second word.
        const std::string line = command_line_of(entry.pid);
        const auto second = line.find(' ');
        if (second != std::string::npos && line.compare(second, mark.size() + 5, " zoo " + mark) == 0) {
            found.push_back(entry.pid);
        }
    }
    return found;
}

}  // namespace reeve

#include "support/run_program.hpp"

#include "reeve/base/scope_exit.hpp"
#include "reeve/base/unique_fd.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <stdexcept>

namespace reeve::test {
namespace {

// A file without a name: unlike a pipe it takes any amount, and nobody must read it for the program to go on.
UniqueFd nameless_file(const std::string& content = {}) {
    std::string pattern = (std::filesystem::temp_directory_path() / "reeve-output-XXXXXX").string();
    UniqueFd file(::mkostemp(pattern.data(), O_CLOEXEC));
    if (!file) throw std::runtime_error("cannot make a temporary file");
    ::unlink(pattern.c_str());
    if (::pwrite(file.get(), content.data(), content.size(), 0) != static_cast<ssize_t>(content.size()))
        throw std::runtime_error("cannot write a temporary file");
    return file;
}

std::string content_of(const UniqueFd& file) {
    std::string content;
    std::array<char, 65536> part{};
    for (;;) {
        const ssize_t length =
            ::pread(file.get(), part.data(), part.size(), static_cast<off_t>(content.size()));
        if (length <= 0) return content;
        content.append(part.data(), static_cast<std::size_t>(length));
    }
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

// In a process group of its own, so that all of it can be ended.
pid_t start(const Program& program, int in, int out, int err) {
    std::vector<std::string> argv = program.argv;
    std::vector<std::string> env;
    for (const auto& [name, value] : program.env) env.push_back(name + "=" + value);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    const ScopeExit tidy([&] {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    });
    ::posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    pid_t pid = -1;
    if (::posix_spawn(&pid, argv.at(0).c_str(), &actions, &attributes, pointers_to(argv).data(),
                      pointers_to(env).data()) != 0) {
        throw std::runtime_error("cannot start " + argv.at(0));
    }
    return pid;
}

}  // namespace

Ended run_program(const Program& program) {
    const UniqueFd in = nameless_file(program.input);
    const UniqueFd out = nameless_file();
    const UniqueFd err = nameless_file();
    const pid_t pid = start(program, in.get(), out.get(), err.get());

    // WNOWAIT leaves the child to be reaped below: until then nobody else can get its number or its group's.
    auto over = std::async(std::launch::async, [pid] {
        siginfo_t info{};
        while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
        }
    });
    Ended ended;
    ended.timed_out = over.wait_for(program.limit) == std::future_status::timeout;
    if (ended.timed_out) ::kill(-pid, SIGKILL);
    over.wait();
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    ended.out = content_of(out);
    ended.err = content_of(err);
    return ended;
}

}  // namespace reeve::test

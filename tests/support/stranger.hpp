// A process that has nothing to do with any reeve, and must survive whatever a reeve does.
#pragma once

#include "support/watched_process.hpp"

#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace reeve::test {

class Stranger {
  public:
    // `env`: the whole environment, "NAME=value".
    explicit Stranger(std::vector<std::string> env = {}) {
        std::vector<char*> variables;
        for (auto& text : env) variables.push_back(text.data());
        variables.push_back(nullptr);
        std::string program = "/bin/sleep";
        std::string time = "1000";
        char* argv[] = {program.data(), time.data(), nullptr};
        posix_spawnattr_t attributes;
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setpgroup(&attributes, 0);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        const int failed =
            ::posix_spawn(&pid_, program.c_str(), nullptr, &attributes, argv, variables.data());
        ::posix_spawnattr_destroy(&attributes);
        if (failed != 0) throw std::runtime_error("cannot start " + program);
    }
    Stranger(const Stranger&) = delete;
    Stranger& operator=(const Stranger&) = delete;
    ~Stranger() { end(); }

    pid_t pid() const { return pid_; }
    bool running() const {
        siginfo_t info{};
        return pid_ > 0 &&
               ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
               info.si_pid == 0;
    }
    void end() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);  // our child, and not waited for: the pid is its own
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

  private:
    pid_t pid_ = -1;
};

}  // namespace reeve::test

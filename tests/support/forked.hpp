// A process of the test's own, in step with it: it says when it is ready, and waits until it may go on.
//
// Fork only while the test has one thread. The child ends by itself when the test is gone, because its wait
// then sees the end of the pipe.
#pragma once

#include "reeve/base/unique_fd.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace reeve::test {

struct Pipe {
    UniqueFd reader, writer;
    Pipe() {
        std::array<int, 2> ends{};
        if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe failed");
        for (const int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
        reader.reset(ends[0]);
        writer.reset(ends[1]);
    }
};

// Nothing came within the limit: 0. The other side has closed: 0 too.
inline char read_byte(int fd, int limit_ms = 20'000) {
    pollfd wanted{fd, POLLIN, 0};
    char byte = 0;
    if (::poll(&wanted, 1, limit_ms) <= 0 || ::read(fd, &byte, 1) != 1) return 0;
    return byte;
}

class Forked {
  public:
    // What the child sees of the test.
    class Test {
      public:
        Test(int tell, int hear) : tell_(tell), hear_(hear) {}
        void tell(char byte) const {
            if (::write(tell_, &byte, 1) != 1) ::_exit(97);
        }
        // Waits as long as the test lives; false at its end.
        bool wait() const {
            char byte = 0;
            return ::read(hear_, &byte, 1) == 1;
        }

      private:
        int tell_, hear_;
    };

    // `body` runs in the child, which then leaves with 0 and without the destructors of the test.
    template <class Body>
    explicit Forked(Body body) {
        std::fflush(nullptr);
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ > 0) {
            from_.writer.reset();
            to_.reader.reset();
            return;
        }
        from_.reader.reset();
        to_.writer.reset();
        body(Test(from_.writer.get(), to_.reader.get()));
        ::_exit(0);
    }
    Forked(const Forked&) = delete;
    Forked& operator=(const Forked&) = delete;
    ~Forked() {
        if (pid_ > 0) kill();
    }

    pid_t pid() const { return pid_; }
    char hear() const { return read_byte(from_.reader.get()); }
    void go_on() const { ASSERT_EQ(::write(to_.writer.get(), "g", 1), 1); }
    void kill() {
        ::kill(pid_, SIGKILL);
        (void)reap();
    }
    // The wait status.
    int reap() {
        int status = -1;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return status;
    }
    // Waits for its end and leaves it a zombie.
    void become_zombie() const {
        siginfo_t info{};
        ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    }

  private:
    Pipe from_, to_;
    pid_t pid_ = -1;
};

}  // namespace reeve::test

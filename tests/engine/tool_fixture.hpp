// What the tests of run_tool and stream_tool share: shells as programs, and a count of what they leave
// behind.
#pragma once

#include "reeve/base/unique_fd.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/os/process_handle.hpp"
#include "support/run_to_end.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

namespace reeve::test {

// Where a program leaves its number for the test: a named pipe, so that the test can wait for it.
class Mailbox {
  public:
    explicit Mailbox(const std::filesystem::path& path) : path_(path) {
        if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("mkfifo failed");
        fifo_.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    }
    std::string path() const { return path_.string(); }
    pid_t wait_for_number() const {
        pollfd wanted{fifo_.get(), POLLIN, 0};
        char text[32] = {};
        if (::poll(&wanted, 1, 20'000) != 1 || ::read(fifo_.get(), text, sizeof text - 1) <= 0) return -1;
        return static_cast<pid_t>(std::strtol(text, nullptr, 10));
    }

  private:
    std::filesystem::path path_;
    UniqueFd fifo_;
};

// Whether the process has ended within the time: a zombie has.
inline bool has_ended(pid_t pid, int within_ms = 0) {
    if (pid <= 0) return false;
    const auto handle = ProcessHandle::open(pid);
    if (!handle) return false;
    if (!*handle) return true;
    pollfd wanted{(*handle)->exit_fd(), POLLIN, 0};
    return ::poll(&wanted, 1, within_ms) == 1;
}

// Every test: nothing unreaped, and no descriptor more than before.
class ToolTest : public testing::Test {
  protected:
    void SetUp() override {
        // The first call makes what Asio keeps for good: epoll, its timer.
        ASSERT_TRUE(run(shell("exit 0")));
        open_before_ = open_descriptors();
    }
    void TearDown() override {
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
        EXPECT_EQ(errno, ECHILD);
        EXPECT_EQ(open_descriptors(), open_before_);
    }

    ToolCall shell(const std::string& script) {
        ToolCall call;
        call.program = "/bin/sh";
        call.args = {"-c", script};
        return call;
    }
    Result<ToolResult> run(ToolCall call) { return run_to_end(loop_, run_tool(std::move(call))); }

    static std::size_t open_descriptors() {
        const std::filesystem::directory_iterator all("/dev/fd");
        return static_cast<std::size_t>(std::distance(begin(all), end(all)));
    }

    asio::io_context loop_{1};
    TempDir dir_;
    std::size_t open_before_ = 0;
};

}  // namespace reeve::test

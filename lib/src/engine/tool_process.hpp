// One running program of run_tool: the child, its exit, and the pipes that bring back what it says.
//
// Owned by one coroutine. Until reap() the child is unreaped, so that its number and that of its group can be
// nobody else's, and signals need no other proof.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/engine/tool.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <sys/types.h>

#include <memory>

namespace reeve {

// What one stream of the program has said so far.
class Captured {
  public:
    using OnLine = std::function<bool(std::string_view)>;  // false: no more, please
    enum class Stopped { at_the_end, at_the_limit, as_told };

    // With `on_line`, lines are handed out and forgotten; without, everything is kept.
    Captured(Executor executor, UniqueFd fd, std::size_t limit, OnLine on_line);

    // Reads until the end of the stream, the limit, a line that is the last wanted, or until cancelled.
    Task<Stopped> collect();
    // What is there now, without waiting: a grandchild may hold the stream open for ever.
    Stopped take_the_rest();
    std::string take_text() { return std::move(text_); }

  private:
    Stopped accept(std::string_view bytes);  // at_the_end: go on
    Stopped finish_line();

    asio::posix::stream_descriptor stream_;
    std::size_t limit_;
    OnLine on_line_;
    std::string text_;
    std::vector<char> buffer_ = std::vector<char>(65'536);  // what a pipe holds on Linux
};

class ToolProcess {
  public:
    static Result<std::unique_ptr<ToolProcess>> start(const Executor& executor, const ToolCall& call,
                                                      Captured::OnLine on_line);
    ToolProcess(const ToolProcess&) = delete;
    ToolProcess& operator=(const ToolProcess&) = delete;
    // The last resort, when the event loop goes away under a running call: kills the group, and waits for the
    // child. Every orderly way out has reaped before.
    ~ToolProcess();

    Captured& out() { return out_; }
    Captured& err() { return err_; }
    // Completes when the child has ended (true), or the wait was cancelled (false). Does not reap.
    Task<bool> ended();
    void signal_group(int number) const;
    // Kills what is left of the group, gives the number back, and returns the exit code as a shell counts it.
    int reap();

  private:
    ToolProcess(const Executor& executor, pid_t pid, UniqueFd exit_watch, Captured out, Captured err);

    pid_t pid_;
    asio::posix::stream_descriptor exit_watch_;
    Captured out_;
    Captured err_;
};

}  // namespace reeve

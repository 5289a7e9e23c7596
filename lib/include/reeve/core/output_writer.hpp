// Brings the output of process sessions into their logs: one pipe for each life of a session, one thread for
// all.
//
// The thread is woken by the kernel when there is something to read, copies it with one read and one write,
// and sleeps otherwise. The event loop never sees a byte. A slow disk makes the sessions wait, as it would
// without us; a full one costs them the output that does not fit, and nothing else.
//
// Thread rule: everything public is called on the loop's thread. Construction starts the thread, destruction
// ends it. Every stream must be let go of before; one that was not finished loses what is still in its pipe.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/core/session_log.hpp"
#include "reeve/model/ids.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace reeve {

class OutputWriter {
  public:
    class Stream;  // one life's output

    // `on_problem` is called on the loop: with a text when a session's output cannot be written, and with an
    // empty one when it can again. `total` is the limit of all logs in `folder` together, in bytes.
    OutputWriter(Executor loop, std::filesystem::path folder, std::uint64_t total,
                 std::function<void(SessionName, std::string)> on_problem);
    OutputWriter(const OutputWriter&) = delete;
    OutputWriter& operator=(const OutputWriter&) = delete;
    ~OutputWriter();

    struct Opened {
        UniqueFd write_end;  // for the child's standard output and error
        std::shared_ptr<Stream> stream;
        LogPosition begins;  // where this life's output will begin
    };
    // The log is opened here, so that one that cannot be written stops the start. With `fifo` the pipe has a
    // name, and what is written to it outlives us: not a byte is lost when we are killed (where the system
    // can move bytes from a pipe to a file; elsewhere one read of them may be).
    Result<Opened> open(const SessionName& name, const std::filesystem::path& path, const LogConfig& config,
                        const std::optional<std::filesystem::path>& fifo = std::nullopt);

    // Completes when everything that was written into the pipe so far is in the file; what comes later is
    // refused (EPIPE). For when nothing of the session is left.
    Task<void> finish(std::shared_ptr<Stream> stream);

    void set_total(std::uint64_t total);

    // For another program that goes on in this process. Between hold() and let_go() the thread rests: what
    // was taken out of a pipe is in its log, and nothing more is taken.
    void hold();
    void let_go();
    // Only between these two: the reading end, which stays the stream's, and whether a line ended there.
    struct Handed {
        int read_end = -1;
        bool between_lines = true;
    };
    // Only while the writer is held: what it tells is the writer's thread's.
    static Handed handed(const Stream& stream);
    // The stream of a life that the former program began, or an earlier supervisor.
    Result<std::shared_ptr<Stream>> take_over(const SessionName& name, const std::filesystem::path& path,
                                              const LogConfig& config, UniqueFd read_end, bool between_lines,
                                              bool is_fifo);

  private:
    struct Inside;
    Executor loop_;
    std::unique_ptr<Inside> inside_;
};

}  // namespace reeve

#include "reeve/core/output_writer.hpp"

#include "reeve/base/scope_exit.hpp"
#include "reeve/core/ready_watch.hpp"
#include "reeve/os/descriptors.hpp"
#include "reeve/os/execute.hpp"
#include "reeve/os/fifo.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace reeve {
namespace {

constexpr std::size_t at_once = 65'536;  // what a pipe holds, pipe(7)
constexpr int rounds = 16;               // of one stream, before the others have their turn
constexpr int last_rounds = 1024;  // of a stream that ends: whoever still writes then is not the session

}  // namespace

struct OutputWriter::Inside {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
    // One thread, one copy at a time. Not cleared: until something is written its pages are nobody's.
    std::unique_ptr<char[]> buffer{new char[at_once]};
    std::filesystem::path folder;
    std::atomic<std::uint64_t> total{0};
    Executor loop;
    std::function<void(SessionName, std::string)> on_problem;
    std::vector<std::shared_ptr<Stream>> watched, unwatched;  // the thread's
    asio::steady_timer next_look{context};                    // at those that the system does not watch
    std::thread thread;
    std::mutex resting;
    std::condition_variable rest_changed;
    bool held = false, rests = false;

    void rest() {
        std::unique_lock lock(resting);
        rests = true;
        rest_changed.notify_all();
        rest_changed.wait(lock, [this] { return !held; });
        rests = false;
    }

    // The system has no watch for it, and its session must not wait for us for ever.
    void look_later(std::shared_ptr<Stream> stream);

    void tell(SessionName name, std::string problem) {
        asio::post(loop, [this, name = std::move(name), problem = std::move(problem)] {
            on_problem(name, problem);
        });
    }
};

// Lives on the writer's thread once it was opened.
class OutputWriter::Stream : public std::enable_shared_from_this<Stream> {
  public:
    Stream(Inside& inside, SessionName name, SessionLog log)
        : inside_(inside), name_(std::move(name)), log_(std::move(log)) {}

    // Once, before anything else. A read must not wait where a hint was wrong.
    Status read_from(UniqueFd read_end) {
        if (::fcntl(read_end.get(), F_SETFL, O_NONBLOCK) != 0)
            return Error::from_errno("reading the output of " + name_.value);
        pipe_ = std::move(read_end);
        return done;
    }

    // Before it waits: what it reads is in the pipe until it is in the log. Without a helper, or where the
    // system cannot, it is read and written as of any session.
    void leave_in_pipe_until_written() {
        auto aside = make_pipe();
        if (!aside.ok()) return;
        aside_ = std::move(*aside);
        log_.write_by([this](int file, std::string_view bytes) { return move(file, bytes); });
    }

    void wait() {
        watch_.emplace(
            inside_.context.get_executor(), pipe_.get(), [this] { bring(); },
            ReadyWatch::Tells::as_long_as_it_is);
        const bool unwatched = static_cast<bool>(watch_->failed());
        if (unwatched != std::exchange(unwatched_, unwatched)) {
            inside_.tell(name_, !unwatched
                                    ? ""
                                    : "its output is looked at now and then: watching it: " +
                                          watch_->failed().message() + "; see max_user_watches in epoll(7)");
        }
        if (unwatched)
            inside_.look_later(shared_from_this());
        else
            inside_.watched.push_back(shared_from_this());
    }

    void look() {
        if (pipe_ && copy(rounds)) wait();
    }

    void finish() {
        if (!pipe_) return;
        copy(last_rounds);
        end_wait();
        pipe_.reset();
    }

    Handed handed() const { return {pipe_.get(), log_.between_lines()}; }

  private:
    void bring() {
        const auto self = shared_from_this();
        ScopeExit over([this] { end_wait(); });  // after a mistake, too, which would come again and again
        // Only what was written shows that it can be written.
        if (const Status there = log_.look_again(); !there.ok()) note(there);
        if (copy(rounds)) over.dismiss();
    }

    void end_wait() {
        watch_.reset();
        std::erase(inside_.watched, shared_from_this());
    }

    // False when every writer is gone. Readiness is a hint: the read does not block.
    bool copy(int limit) {
        for (int round = 0; round < limit; ++round) {
            const ssize_t got = take();
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
            if (got == 0) return false;
            const int before = log_.rotations();
            const auto length = static_cast<std::size_t>(got);
            still_in_pipe_ = aside_ ? length : 0;
            note(log_.append({inside_.buffer.get(), length}));
            take_out(still_in_pipe_);  // could not be written, and is lost as it would be of any session
            if (log_.rotations() != before) note(limit_logs(inside_.folder, inside_.total));
        }
        return true;
    }

    ssize_t take() {
        const int pipe = pipe_.get();
        char* const buffer = inside_.buffer.get();
        const std::size_t room = at_once;
        if (!aside_) return ::read(pipe, buffer, room);
        const ssize_t seen = peek_pipe(pipe, *aside_, buffer, room);
        if (seen >= 0 || errno != ENOSYS) return seen;
        aside_.reset();
        log_.write_by(nullptr);
        return ::read(pipe, buffer, room);
    }

    ssize_t move(int file, std::string_view bytes) {
        ssize_t moved = move_to_file(pipe_.get(), file, bytes.size());
        // A file system that cannot.
        if (moved < 0 && (errno == EINVAL || errno == ENOSYS)) {
            moved = ::write(file, bytes.data(), bytes.size());
            if (moved > 0) take_out(static_cast<std::size_t>(moved));
            return moved;
        }
        if (moved > 0) still_in_pipe_ -= static_cast<std::size_t>(moved);
        return moved;
    }

    void take_out(std::size_t length) {
        std::array<char, 4096> nowhere;
        while (length > 0) {
            const ssize_t got = ::read(pipe_.get(), nowhere.data(), std::min(length, nowhere.size()));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return;
            length -= static_cast<std::size_t>(got);
            still_in_pipe_ -= static_cast<std::size_t>(got);
        }
    }

    // Told once, not for each line.
    void note(const Status& outcome) {
        std::string problem = outcome.ok() ? "" : outcome.error().message();
        if (problem == problem_.or_default()) return;
        problem_.reset();
        if (!problem.empty()) problem_ = problem;
        if (!problem.empty() && !log_.is_not_rotated()) problem = "its output is lost: " + problem;
        inside_.tell(name_, problem);
    }

    Inside& inside_;
    SessionName name_;
    SessionLog log_;
    UniqueFd pipe_;
    std::optional<ReadyWatch> watch_;  // none: every writer is gone
    bool unwatched_ = false;           // and looked at now and then
    Seldom<std::string> problem_;      // that was told
    std::optional<Pipe> aside_;        // of one that leaves its bytes in the pipe
    std::size_t still_in_pipe_ = 0;    // of what was seen
};

void OutputWriter::Inside::look_later(std::shared_ptr<Stream> stream) {
    unwatched.push_back(std::move(stream));
    if (unwatched.size() > 1) return;
    next_look.expires_after(next_look_without_watch);
    next_look.async_wait([this](const boost::system::error_code& ec) {
        if (ec) return;
        for (const auto& each : std::exchange(unwatched, {})) each->look();
    });
}

OutputWriter::OutputWriter(Executor loop, std::filesystem::path folder, std::uint64_t total,
                           std::function<void(SessionName, std::string)> on_problem)
    : loop_(loop), inside_(std::make_unique<Inside>()) {
    inside_->folder = std::move(folder);
    inside_->total = total;
    inside_->loop = std::move(loop);
    inside_->on_problem = std::move(on_problem);
    inside_->thread = std::thread([inside = inside_.get()] {
        hold_signals_back();  // they are for the first thread
        for (;;) {
            try {
                inside->context.run();
                return;
            } catch (const std::exception& bug) {
                inside->tell({}, std::string("a mistake in writing output: ") + bug.what());
            }
        }
    });
}

OutputWriter::~OutputWriter() {
    inside_->work.reset();
    inside_->context.stop();
    inside_->thread.join();
}

Result<OutputWriter::Opened> OutputWriter::open(const SessionName& name, const std::filesystem::path& path,
                                                const LogConfig& config,
                                                const std::optional<std::filesystem::path>& fifo) {
    TRY(SessionLog log, SessionLog::open(path, config));
    TRY(Pipe pipe, fifo ? make_fifo(*fifo) : make_pipe());
    Opened opened;
    opened.begins = log.position();
    opened.write_end = std::move(pipe.write);
    opened.stream = std::make_shared<Stream>(*inside_, name, std::move(log));
    CHECK(opened.stream->read_from(std::move(pipe.read)));
    if (fifo) opened.stream->leave_in_pipe_until_written();
    asio::post(inside_->context, [stream = opened.stream] { stream->wait(); });
    return opened;
}

Task<void> OutputWriter::finish(std::shared_ptr<Stream> stream) {
    const Executor here = co_await asio::this_coro::executor;
    auto initiate = [this, here, stream = std::move(stream)](auto handler) mutable {
        asio::post(inside_->context,
                   [here, stream = std::move(stream), handler = std::move(handler)]() mutable {
                       stream->finish();
                       stream.reset();
                       asio::post(here, [handler = std::move(handler)]() mutable { std::move(handler)(); });
                   });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(std::move(initiate),
                                                                          asio::use_awaitable);
}

void OutputWriter::hold() {
    std::unique_lock lock(inside_->resting);
    inside_->held = true;
    asio::post(inside_->context, [inside = inside_.get()] { inside->rest(); });
    inside_->rest_changed.wait(lock, [this] { return inside_->rests; });
}

void OutputWriter::let_go() {
    const std::scoped_lock lock(inside_->resting);
    inside_->held = false;
    inside_->rest_changed.notify_all();
}

OutputWriter::Handed OutputWriter::handed(const Stream& stream) { return stream.handed(); }

Result<std::shared_ptr<OutputWriter::Stream>> OutputWriter::take_over(const SessionName& name,
                                                                      const std::filesystem::path& path,
                                                                      const LogConfig& config,
                                                                      UniqueFd read_end, bool between_lines,
                                                                      bool is_fifo) {
    TRY(SessionLog log, SessionLog::open(path, config));
    log.go_on(between_lines);
    auto stream = std::make_shared<Stream>(*inside_, name, std::move(log));
    CHECK(stream->read_from(std::move(read_end)));
    if (is_fifo) stream->leave_in_pipe_until_written();
    asio::post(inside_->context, [stream] { stream->wait(); });
    return stream;
}

void OutputWriter::set_total(std::uint64_t total) { inside_->total = total; }

}  // namespace reeve

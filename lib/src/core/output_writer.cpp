#include "reeve/core/output_writer.hpp"

#include "reeve/os/descriptors.hpp"
#include "reeve/os/execute.hpp"
#include "reeve/os/fifo.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

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
        : inside_(inside), name_(std::move(name)), log_(std::move(log)), pipe_(inside.context) {}

    // Once, before anything else.
    Status read_from(UniqueFd read_end) {
        boost::system::error_code refused;
        pipe_.assign(read_end.get(), refused);
        if (refused)
            return Error(refused, "watching the output of " + name_.value, {},
                         "see max_user_watches in epoll(7)");
        (void)read_end.release();
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
        pipe_.async_wait(asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code& ec) {
                             if (ec) return;  // closed by finish()
                             // Only what was written shows that it can be written.
                             if (const Status there = self->log_.look_again(); !there.ok()) self->note(there);
                             if (self->copy(rounds)) self->wait();
                         });
    }

    void finish() {
        if (!pipe_.is_open()) return;
        copy(last_rounds);
        boost::system::error_code ignored;
        pipe_.close(ignored);
    }

    Handed handed() const {
        return {const_cast<decltype(pipe_)&>(pipe_).native_handle(), log_.between_lines()};
    }

  private:
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
        const int pipe = pipe_.native_handle();
        char* const buffer = inside_.buffer.get();
        const std::size_t room = at_once;
        if (!aside_) return ::read(pipe, buffer, room);
        const ssize_t seen = peek_pipe(pipe, *aside_, buffer, room);
        if (seen >= 0 || errno != ENOSYS) return seen;
        aside_.reset();
        log_.write_by({});
        return ::read(pipe, buffer, room);
    }

    ssize_t move(int file, std::string_view bytes) {
        ssize_t moved = move_to_file(pipe_.native_handle(), file, bytes.size());
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
            const ssize_t got =
                ::read(pipe_.native_handle(), nowhere.data(), std::min(length, nowhere.size()));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return;
            length -= static_cast<std::size_t>(got);
            still_in_pipe_ -= static_cast<std::size_t>(got);
        }
    }

    // Told once, not for each line.
    void note(const Status& outcome) {
        std::string problem = outcome.ok() ? "" : outcome.error().message();
        if (problem == problem_) return;
        problem_ = problem;
        if (!problem.empty() && !log_.is_not_rotated()) problem = "its output is lost: " + problem;
        inside_.tell(name_, problem);
    }

    Inside& inside_;
    SessionName name_;
    SessionLog log_;
    // Of the loop's own type of executor, which takes 56 bytes less than the one that erases types.
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> pipe_;
    std::string problem_;
    std::optional<Pipe> aside_;      // of one that leaves its bytes in the pipe
    std::size_t still_in_pipe_ = 0;  // of what was seen
};

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

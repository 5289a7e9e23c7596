#include "reeve/base/time_text.hpp"
#include "reeve/core/probe.hpp"
#include "reeve/os/file_watch.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace reeve {
namespace {

using Clock = Notifier::Clock;
using Descriptor = asio::posix::stream_descriptor;

// How much is read before others get their turn on the loop.
constexpr std::size_t one_turn = 256 * 1024;

class LogProbe final : public Probe {
  public:
    LogProbe(Executor executor, std::filesystem::path log, std::uint64_t offset, LinePattern pattern)
        : executor_(std::move(executor)),
          log_(std::move(log)),
          offset_(offset),
          lines_(std::move(pattern)),
          wake_(std::make_shared<Notifier>(executor_)) {}

    bool waits_for_a_sign() const override { return true; }

    Task<Status> look(std::chrono::milliseconds limit) override {
        const std::string doing = "reading " + log_.filename().string();
        const auto until = Clock::now() + limit;
        for (;;) {
            CO_CHECK(open_what_is_there());
            CO_TRY(const Reading reading, read_on());
            if (reading == Reading::matched) co_return done;
            const bool cancelled = co_await is_cancelled();
            if (cancelled) co_return Error(Errc::cancelled, doing);
            if (Clock::now() >= until)
                co_return Error(Errc::timed_out, doing, "no line matched within " + format_duration(limit));
            if (reading == Reading::more_to_come)
                co_await asio::post(executor_, asio::use_awaitable);
            else
                co_await wait_for_more(until);
        }
    }

  private:
    enum class Reading { matched, more_to_come, at_the_end };

    // The log under its name, once what we hold is read to its end: it may have been rotated.
    Status open_what_is_there() {
        const std::string doing = "reading " + log_.string();
        if (!names_) {
            TRY(UniqueFd watch, watch_directory(log_.parent_path()));
            names_.emplace(executor_, watch.release());
        }
        struct stat named {};
        struct stat held {};
        const bool there = ::stat(log_.c_str(), &named) == 0;
        if (file_ && ::fstat(file_.get(), &held) != 0) return Error::from_errno(doing);
        const bool same = file_ && there && named.st_ino == held.st_ino && named.st_dev == held.st_dev;
        if (file_ && static_cast<std::uint64_t>(held.st_size) < offset_) offset_ = 0;  // cut
        const bool read_all = !file_ || static_cast<std::uint64_t>(held.st_size) == offset_;
        if (same || !there || !read_all) return done;
        UniqueFd next(::open(log_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (!next && errno == ENOENT) return done;
        if (!next) return Error::from_errno(doing);
        TRY(UniqueFd watch, watch_writes(next.get()));
        if (file_) offset_ = 0;
        writes_.emplace(executor_, watch.release());
        file_ = std::move(next);
        return done;
    }

    Result<Reading> read_on() {
        std::array<char, 16 * 1024> bytes{};
        for (std::size_t taken = 0; file_ && taken < one_turn;) {
            ssize_t size = 0;
            do {
                size = ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset_));
            } while (size < 0 && errno == EINTR);
            if (size < 0) return Error::from_errno("reading " + log_.string());
            if (size == 0) return Reading::at_the_end;
            taken += static_cast<std::size_t>(size);
            offset_ += static_cast<std::uint64_t>(size);
            if (lines_.feed({bytes.data(), static_cast<std::size_t>(size)})) return Reading::matched;
        }
        return file_ ? Reading::more_to_come : Reading::at_the_end;
    }

    Task<void> wait_for_more(Clock::time_point until) {
        // The handlers share the notifier: one of them may run after this object is gone.
        const auto on_change = [wake = wake_](const boost::system::error_code& ec) {
            if (!ec) wake->notify();
        };
        if (writes_) writes_->async_wait(Descriptor::wait_read, on_change);
        names_->async_wait(Descriptor::wait_read, on_change);
        const std::shared_ptr<Notifier> wake = wake_;
        co_await wake->wait(until);
        boost::system::error_code ignored;
        if (writes_) writes_->cancel(ignored);
        names_->cancel(ignored);
        if (writes_) drain_watch(writes_->native_handle());
        drain_watch(names_->native_handle());
    }

    Executor executor_;
    std::filesystem::path log_;
    std::uint64_t offset_;
    LineMatcher lines_;
    std::shared_ptr<Notifier> wake_;
    UniqueFd file_;
    std::optional<Descriptor> writes_, names_;
};

}  // namespace

std::unique_ptr<Probe> make_log_probe(Executor executor, std::filesystem::path log, std::uint64_t offset,
                                      LinePattern pattern) {
    return std::make_unique<LogProbe>(std::move(executor), std::move(log), offset, std::move(pattern));
}

}  // namespace reeve

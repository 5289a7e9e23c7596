#include "reeve/base/cancelled.hpp"
#include "reeve/base/time_text.hpp"
#include "reeve/core/probe.hpp"
#include "reeve/os/file_watch.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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
    LogProbe(Executor executor, std::filesystem::path log, LogPosition begin, LinePattern pattern)
        : executor_(std::move(executor)),
          log_(std::move(log)),
          at_(begin),
          lines_(std::move(pattern)),
          wake_(std::make_shared<Notifier>()) {}

    bool waits_for_a_sign() const override { return true; }

    Task<Status> look(std::chrono::milliseconds limit) override {
        const std::string doing = "reading " + log_.filename().string();
        const auto until = Clock::now() + limit;
        for (;;) {
            CO_TRY(const bool moved, open_what_is_there());
            CO_TRY(const Reading reading, read_on());
            if (reading == Reading::matched) co_return done;
            const bool cancelled = co_await is_cancelled();
            if (cancelled) co_return Error(Errc::cancelled, doing);
            if (Clock::now() >= until)
                co_return Error(Errc::timed_out, doing, "no line matched within " + format_duration(limit));
            if (moved || reading == Reading::more_to_come)
                co_await asio::post(executor_, asio::use_awaitable);
            else
                co_await wait_for_more(until);
        }
    }

  private:
    enum class Reading { matched, more_to_come, at_the_end };

    // The log under its name, once what we hold is read to its end: it may have been rotated. True when
    // another file is held now.
    Result<bool> open_what_is_there() {
        const std::string doing = "reading " + log_.string();
        if (!names_) {
            TRY(UniqueFd watch, watch_directory(log_.parent_path()));
            names_.emplace(executor_, watch.release());
        }
        struct stat named {};
        struct stat held {};
        if (file_ && ::fstat(file_.get(), &held) != 0) return Error::from_errno(doing);
        if (file_ && static_cast<std::uint64_t>(held.st_size) < at_.offset) at_.offset = 0;  // cut
        if (file_ && static_cast<std::uint64_t>(held.st_size) > at_.offset) return false;
        const bool there = ::stat(log_.c_str(), &named) == 0;
        if (file_ && (!there || static_cast<std::uint64_t>(named.st_ino) == at_.inode)) return false;
        TRY(auto pieces, open_log_pieces(log_));
        return open_next_of(pieces);
    }

    // The piece where the output begins, later the one that came after ours; the oldest when that is gone.
    Result<bool> open_next_of(std::vector<LogPiece>& pieces) {
        if (pieces.empty()) return false;
        auto next = std::find_if(pieces.begin(), pieces.end(),
                                 [&](const LogPiece& piece) { return piece.inode == at_.inode; });
        if (file_ && next == pieces.begin()) return false;
        if (next == pieces.end() || file_) {
            --next;
            at_ = {next->inode, 0};
        }
        TRY(UniqueFd watch, watch_writes(next->file.get()));
        writes_.emplace(executor_, watch.release());
        file_ = std::move(next->file);
        return true;
    }

    Result<Reading> read_on() {
        std::array<char, 16 * 1024> bytes{};
        for (std::size_t taken = 0; file_ && taken < one_turn;) {
            ssize_t size = 0;
            do {
                size = ::pread(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at_.offset));
            } while (size < 0 && errno == EINTR);
            if (size < 0) return Error::from_errno("reading " + log_.string());
            if (size == 0) return Reading::at_the_end;
            taken += static_cast<std::size_t>(size);
            at_.offset += static_cast<std::uint64_t>(size);
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
    LogPosition at_;
    LineMatcher lines_;
    std::shared_ptr<Notifier> wake_;
    UniqueFd file_;
    std::optional<Descriptor> writes_, names_;
};

}  // namespace

std::unique_ptr<Probe> make_log_probe(Executor executor, std::filesystem::path log, LogPosition begin,
                                      LinePattern pattern) {
    return std::make_unique<LogProbe>(std::move(executor), std::move(log), begin, std::move(pattern));
}

}  // namespace reeve

#include "engine/tool_process.hpp"

#include "engine/launch.hpp"
#include "reeve/base/cancelled.hpp"
#include "reeve/base/scope_exit.hpp"
#include "reeve/os/descriptors.hpp"
#include "reeve/os/exit_watch.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace reeve {

Captured::Captured(Executor executor, UniqueFd fd, std::size_t limit, OnLine on_line)
    : stream_(executor, fd.get()), limit_(limit), on_line_(std::move(on_line)) {
    (void)fd.release();  // the stream owns it now; had its constructor thrown, it would still be ours
}

Task<Captured::Stopped> Captured::collect() {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
        const asio::mutable_buffer space = asio::buffer(buffer_);
        const auto [ec, size] = co_await stream_.async_read_some(space, as_result);
        if (ec) co_return Stopped::at_the_end;
        const Stopped stopped = accept({buffer_.data(), size});
        if (stopped != Stopped::at_the_end) co_return stopped;
        const bool cancelled = co_await is_cancelled();
        if (cancelled) co_return Stopped::at_the_end;
    }
}

Captured::Stopped Captured::take_the_rest() {
    boost::system::error_code ec;
    stream_.non_blocking(true, ec);
    for (;;) {
        const std::size_t size = stream_.read_some(asio::buffer(buffer_), ec);
        if (ec) break;
        const Stopped stopped = accept({buffer_.data(), size});
        if (stopped != Stopped::at_the_end) return stopped;
    }
    return on_line_ && !text_.empty() ? finish_line() : Stopped::at_the_end;
}

Captured::Stopped Captured::accept(std::string_view bytes) {
    if (on_line_) {
        for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
            if (end > limit_ - text_.size()) return Stopped::at_the_limit;
            text_.append(bytes.substr(0, end));
            if (finish_line() == Stopped::as_told) return Stopped::as_told;
            bytes.remove_prefix(end + 1);
        }
    }
    if (bytes.size() > limit_ - text_.size()) return Stopped::at_the_limit;
    text_.append(bytes);
    return Stopped::at_the_end;
}

Captured::Stopped Captured::finish_line() {
    const std::string line = std::exchange(text_, {});
    return on_line_(line) ? Stopped::at_the_end : Stopped::as_told;
}

ToolProcess::ToolProcess(const Executor& executor, pid_t pid, UniqueFd exit_watch, Captured out, Captured err)
    : pid_(pid), exit_watch_(executor, exit_watch.get()), out_(std::move(out)), err_(std::move(err)) {
    (void)exit_watch.release();
}

Result<std::unique_ptr<ToolProcess>> ToolProcess::start(const Executor& executor, const ToolCall& call,
                                                        Captured::OnLine on_line) {
    TRY(UniqueFd in, open_dev_null());
    TRY(Pipe out, make_pipe());
    TRY(Pipe err, make_pipe());
    if (!call.input.empty()) {
        TRY(Pipe fed, make_pipe());
        // A new pipe takes at least this much without a reader: 64 KiB on Linux, 16 KiB on macOS.
        const ssize_t written = ::write(fed.write.get(), call.input.data(), call.input.size());
        if (written < 0) return Error::from_errno("handing input to " + call.program.string());
        in = std::move(fed.read);
    }
    const Launch what{call.program, call.args, call.extra_env, in.get(), out.write.get(), err.write.get()};
    TRY(const pid_t pid, launch(what));
    ScopeExit undo([pid] {
        ::kill(-pid, SIGKILL);
        while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
        }
    });
    TRY(UniqueFd watch, open_exit_watch(pid));
    try {
        Captured said(executor, std::move(out.read), call.max_output, std::move(on_line));
        Captured complained(executor, std::move(err.read), call.max_output, nullptr);
        std::unique_ptr<ToolProcess> process(
            new ToolProcess(executor, pid, std::move(watch), std::move(said), std::move(complained)));
        undo.dismiss();
        return process;
    } catch (const std::exception& e) {  // Asio could not watch a descriptor
        return Error(Errc::failed, "watching " + call.program.string(), e.what());
    }
}

ToolProcess::~ToolProcess() { (void)reap(); }

Task<bool> ToolProcess::ended() {
    for (;;) {
        siginfo_t info{};
        // Asked by pid: Asio has made the pidfd non-blocking, and P_PIDFD fails with EAGAIN on such a one.
        const int asked = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
        if (asked != 0 && errno != EINTR) co_return true;  // nothing left to wait for
        if (asked == 0 && info.si_pid == pid_) co_return true;
        const auto [ec] =
            co_await exit_watch_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
        const bool cancelled = co_await is_cancelled();
        if (ec || cancelled) co_return false;
    }
}

void ToolProcess::signal_group(int number) const {
    if (pid_ > 0) ::kill(-pid_, number);
}

int ToolProcess::reap() {
    if (pid_ <= 0) return -1;
    signal_group(SIGKILL);
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED) != 0) {
        if (errno == EINTR) continue;
        info.si_code = CLD_KILLED;  // somebody else reaped our child: a bug, and the exit code is lost
        info.si_status = SIGKILL;
        break;
    }
    pid_ = -1;
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

}  // namespace reeve

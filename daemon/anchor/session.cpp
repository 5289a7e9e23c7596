#include "session.hpp"

#include "end_tree.hpp"
#include "tree.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace anchor {
namespace {

// As in lib/src/os/posix/anchored_launcher.cpp, which says why it must not change.
struct Message {
    enum Kind : int { command = 1, exited = 2, signalled = 3 };
    int kind;
    int value;
};

constexpr int not_for_us[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};

int child_pipe[2] = {-1, -1};

// Async-signal-safe. A full pipe means that the loop has plenty to look at already.
void on_child(int) {
    const int kept = errno;
    const char one = 1;
    const ssize_t ignored = ::write(child_pipe[1], &one, 1);
    (void)ignored;
    errno = kept;
}

// Who wants the session down asks the supervisor. A signal to everybody below the supervisor's own anchor
// must not end the one process that keeps the rest together.
bool set_up_signals() {
    if (::pipe(child_pipe) != 0) return false;
    for (const int end : child_pipe) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    struct sigaction action {};
    action.sa_handler = on_child;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGCHLD, &action, nullptr);
    for (const int number : not_for_us) std::signal(number, SIG_IGN);
    return true;
}

class SessionKeeper {
  public:
    explicit SessionKeeper(const Options& options) : options_(options) {}

    int keep() {
        ::fcntl(options_.link, F_SETFD, FD_CLOEXEC);
        // Already one since before the command was forked; it survives the exec.
        become_subreaper();
        if (!set_up_signals()) return 1;
        guard_ = options_.guard > 1 ? watch_guard(options_.guard) : -1;
        while (!released_ && !owner_gone_) {
            reap();
            wait_event(-1);
        }
        if (owner_gone_) stand_by();
        end_everything();
        return 0;
    }

  private:
    // The supervisor's anchor asks everybody politely, once; we would only do it a second time. When it goes
    // too, or does nothing, it is for us to do.
    void stand_by() {
        const long deadline = now_ms() + 2 * options_.grace_ms + 5000;
        while (guard_ >= 0 && now_ms() < deadline && reap()) wait_event(deadline);
    }

    // False when there is no child left at all.
    bool reap() {
        for (;;) {
            int status = 0;
            const pid_t pid = ::waitpid(-1, &status, WNOHANG);
            if (pid == 0) return true;
            if (pid < 0) return errno == EINTR;
            if (pid == options_.child) tell(status);
        }
    }

    void tell(int status) {
        const Message message = WIFSIGNALED(status) ? Message{Message::signalled, WTERMSIG(status)}
                                                    : Message{Message::exited, WEXITSTATUS(status)};
        const ssize_t ignored = ::send(options_.link, &message, sizeof message, MSG_DONTWAIT);
        (void)ignored;
    }

    void wait_event(long until_ms) {
        const long left = until_ms < 0 ? -1 : until_ms - now_ms();
        if (until_ms >= 0 && left <= 0) return;
        pollfd fds[3] = {{child_pipe[0], POLLIN, 0},
                         {released_ || owner_gone_ ? -1 : options_.link, POLLIN, 0},
                         {guard_, POLLIN, 0}};
        if (::poll(fds, 3, static_cast<int>(left)) <= 0) return;
        if (fds[0].revents != 0) {
            char many[64];
            while (::read(child_pipe[0], many, sizeof many) > 0) {
            }
        }
        if (fds[1].revents != 0) {
            char byte = 0;
            const ssize_t length = ::recv(options_.link, &byte, 1, MSG_DONTWAIT);
            if (length == 1) released_ = true;
            if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) owner_gone_ = true;
        }
        if (fds[2].revents != 0) {
            ::close(guard_);
            guard_ = -1;
        }
    }

    void end_everything() {
        end_tree(
            options_.grace_ms, [this] { return reap(); }, [this](long until_ms) { wait_event(until_ms); });
    }

    const Options& options_;
    int guard_ = -1;
    bool released_ = false, owner_gone_ = false;
};

}  // namespace

int keep_session(const Options& options) { return SessionKeeper(options).keep(); }

}  // namespace anchor

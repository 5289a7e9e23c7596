// The anchor: runs a command, and when it ends, or when the owner dies, nothing below survives.
//
// Tiny and static on purpose: there may be one for every session and every MCP server. It knows no JSON, no
// containers and no Boost. Everything that happens arrives at one poll: signals (blocked, read from a pipe
// that their handler writes to), the parent's end, the end of standard input.
#include "crashes.hpp"
#include "end_tree.hpp"
#include "options.hpp"
#include "own_code.hpp"
#include "session.hpp"
#include "tree.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

namespace anchor {
namespace {

constexpr long first_pause_ms = 200;
constexpr long longest_pause_ms = 30'000;
constexpr int forwarded[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

int signal_pipe[2] = {-1, -1};

struct Arrived {
    unsigned char number, from_terminal;
};

// Async-signal-safe: one write to a non-blocking pipe. A full pipe means that the loop has plenty to look at
// already.
void on_signal(int number, siginfo_t* info, void*) {
    const int kept = errno;
    // A key on the terminal reaches the whole foreground group by itself: passing it on would double it.
    const bool from_terminal = info != nullptr && number != SIGCHLD && sent_by_key(number, *info);
    const Arrived arrived{static_cast<unsigned char>(number), static_cast<unsigned char>(from_terminal)};
    const ssize_t ignored = ::write(signal_pipe[1], &arrived, sizeof arrived);
    (void)ignored;
    errno = kept;
}

bool set_up_signals() {
    if (::pipe(signal_pipe) != 0) return false;
    for (const int end : signal_pipe) {
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
        ::fcntl(end, F_SETFL, O_NONBLOCK);
    }
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigfillset(&action.sa_mask);
    ::sigaction(SIGCHLD, &action, nullptr);
    for (const int number : forwarded) ::sigaction(number, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    // Started in the background of a shell without job control, or with signals blocked: neither is for us to
    // keep.
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    return true;
}

class Anchor {
  public:
    explicit Anchor(const Options& options) : options_(options) {}

    int live() {
        if (options_.role == Role::session) return keep_session(options_);
        become_subreaper();
        if (!set_up_signals()) return complain("starting the anchor", std::strerror(errno)), 1;
        if (options_.watch_input) input_ = watch_input();
        if (options_.parent > 1) {
            parent_ = watch_parent(options_.parent);
            parent_gone_ = parent_ < 0;
        }
        switch (options_.role) {
            case Role::run:
                return keep_supervisor();
            case Role::exec:
                return run_waiting_child();
            case Role::session:
                break;
        }
        return 1;
    }

  private:
    // --- the three roles ---

    // The supervisor's life and its next ones. Its exit status says whether another one makes sense.
    int keep_supervisor() {
        long pause = first_pause_ms;
        for (;;) {
            const long began = now_ms();
            if (!start_command()) {
                end_everything(options_.grace_ms);
                return 1;
            }
            give_back_code();
            wait_for_end();
            const int code = exit_code();
            const bool final_answer = code == 0 || code == 64 || code == 75 || code == 78;
            const bool crashed = ended_ && !final_answer && !stop_asked_;
            const int crashes = crashed && options_.crashes != nullptr ? note_crash(options_.crashes) : 1;
            // Another supervisor comes, and takes over what asks for that. Without one nothing stays.
            const bool spares = crashed && crashes < crash_limit;
            if (spares) spare(options_.adoptable);
            end_everything(options_.grace_ms);
            spare(nullptr);
            if (spares && stop_asked_) end_everything(options_.grace_ms);
            if (code == 0 && options_.crashes != nullptr) forget_crashes(options_.crashes);
            if (final_answer || stop_asked_) return code;
            if (crashes >= crash_limit) {
                complain("keeping the supervisor running", "it crashed again and again",
                         "see logs/reeve.log; the next start comes up in safe mode");
                return 1;
            }
            char why[80];
            if (WIFSIGNALED(status_))
                std::snprintf(why, sizeof why, "it was ended by signal %d", WTERMSIG(status_));
            else
                std::snprintf(why, sizeof why, "it exited with status %d", code);
            complain("the supervisor is gone", why,
                     "what it ran was ended, but for sessions to be adopted; starting it again");
            if (now_ms() - began > longest_pause_ms) pause = first_pause_ms;
            wait_until(now_ms() + pause);
            if (stop_asked_) {
                end_everything(options_.grace_ms);
                return 0;
            }
            pause = pause * 2 < longest_pause_ms ? pause * 2 : longest_pause_ms;
        }
    }

    int run_waiting_child() {
        child_ = options_.child;
        const char go = 1;
        // SIGPIPE is ignored: a child that was killed at its gate is an error and not our end.
        const bool opened = !parent_gone_ && ::write(options_.gate, &go, 1) == 1;
        // Unopened, the child leaves without having run anything. Opened, it is closed by the exec, or says
        // by it why there was none.
        if (!opened) ::close(options_.gate);
        if (opened) {
            ::shutdown(options_.gate, SHUT_WR);
            wait_for_end();
            say_why_it_did_not_start();
        }
        end_everything(options_.grace_ms);
        return finish();
    }

    // Two numbers in the gate: at which step, and errno (child_setup.hpp).
    void say_why_it_did_not_start() const {
        int report[2] = {0, 0};
        const ssize_t length = ::recv(options_.gate, report, sizeof report, MSG_DONTWAIT);
        ::close(options_.gate);
        if (length == static_cast<ssize_t>(sizeof report))
            complain("executing the command", std::strerror(report[1]));
    }

    // What is left is no process: the record, and perhaps containers.
    int finish() {
        const int code = exit_code();
        if (options_.cgroup != nullptr) ::rmdir(options_.cgroup);
        if (options_.finish != nullptr && options_.finish_id != nullptr) {
            char status[16];
            std::snprintf(status, sizeof status, "%d", code);
            ::execl(options_.finish, options_.finish, "finish-exec", options_.finish_id, status, nullptr);
        }
        if (options_.record != nullptr) ::unlink(options_.record);
        return code;
    }

    // --- the child ---

    bool start_command() {
        ended_ = false;
        status_ = 0;
        child_ = ::fork();
        if (child_ < 0) return complain("forking", std::strerror(errno)), false;
        if (child_ > 0) return true;
        for (int number = 1; number < NSIG; ++number) {
            struct sigaction standard {};
            standard.sa_handler = SIG_DFL;
            ::sigaction(number, &standard, nullptr);
        }
        ::execv(options_.command[0], options_.command);
        const int error = errno;
        complain(options_.command[0], std::strerror(error));
        ::_exit(error == ENOENT ? 127 : 126);
    }

    int exit_code() const {
        if (!ended_) return 1;
        int status = status_;  // the macros of macOS take no const
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

    // Waits for whoever has ended. False when there is no child left at all.
    bool reap() {
        for (;;) {
            int status = 0;
            const pid_t pid = ::waitpid(-1, &status, WNOHANG);
            if (pid == 0) return true;
            if (pid < 0) return errno == EINTR;
            if (pid != child_) continue;
            ended_ = true;
            status_ = status;
        }
    }

    // A child, or one of those that macOS does not make our children.
    bool anything_left() {
        const bool others = others_left();
        const bool children = reap();
        return others || (children && anybody_not_spared());
    }

    // --- the one place where we wait ---

    enum class Event { none, signal, parent, input };

    Event wait_event(long until_ms) {
        const long left = until_ms < 0 ? -1 : until_ms - now_ms();
        if (until_ms >= 0 && left <= 0) return Event::none;
        pollfd fds[] = {{signal_pipe[0], POLLIN, 0},
                        {parent_gone_ ? -1 : parent_, POLLIN, 0},
                        {others_watch(), POLLIN, 0},
                        input_};
        if (::poll(fds, sizeof fds / sizeof fds[0], left < 0 ? -1 : static_cast<int>(left)) <= 0) {
            return Event::none;
        }
        if (fds[0].revents != 0) {
            take_signals();
            return Event::signal;
        }
        if (fds[1].revents != 0) {
            parent_gone_ = true;
            return Event::parent;
        }
        if (fds[2].revents != 0) (void)others_left();
        if (fds[3].revents == 0 || !input_has_ended(fds[3])) return Event::none;
        input_.fd = -1;
        return Event::input;
    }

    void take_signals() {
        Arrived arrived{};
        while (::read(signal_pipe[0], &arrived, sizeof arrived) == static_cast<ssize_t>(sizeof arrived)) {
            const int number = arrived.number;
            if (number == SIGCHLD) continue;
            // What a key does to a command under exec is the command's affair: an interpreter goes on.
            const bool is_its_own = options_.role == Role::exec && arrived.from_terminal != 0;
            const bool asks_to_stop = (number == SIGTERM || number == SIGINT) && !is_its_own;
            if (asks_to_stop) stop_asked_ = true;
            // The child is ours and not reaped, so its pid is its own.
            if (!ended_ && child_ > 1 && arrived.from_terminal == 0) ::kill(child_, number);
        }
    }

    void wait_until(long deadline) {
        while (!stop_asked_ && now_ms() < deadline) {
            wait_event(deadline);
            reap();
        }
    }

    // Until the command has ended, or a reason to end it has come and its time is up.
    void wait_for_end() {
        long deadline = -1;
        for (;;) {
            reap();
            if (ended_) return;
            if (parent_gone_) return;
            if (deadline >= 0 && now_ms() >= deadline) return;
            const Event event = wait_event(deadline);
            // The supervisor has its own deadlines for an orderly stop; others get the grace.
            const bool bounded = options_.role != Role::run && stop_asked_;
            if (deadline < 0 && (event == Event::input || bounded)) deadline = now_ms() + options_.grace_ms;
        }
    }

    void end_everything(long grace_ms) {
        end_tree(
            grace_ms, [this] { return anything_left(); }, [this](long until_ms) { wait_event(until_ms); });
    }

    const Options& options_;
    int parent_ = -1;
    pollfd input_{-1, 0, 0};
    pid_t child_ = -1;
    int status_ = 0;
    bool ended_ = false, parent_gone_ = false, stop_asked_ = false;
};

}  // namespace
}  // namespace anchor

int main(int argc, char** argv) {
    // Asked by `reeve doctor`: the two programs must be of one version.
    if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
        constexpr char line[] = "reeve-anchor " REEVE_VERSION "\n";
        return ::write(STDOUT_FILENO, line, sizeof line - 1) == static_cast<ssize_t>(sizeof line - 1) ? 0 : 1;
    }
    anchor::Options options;
    if (!anchor::parse(argc, argv, options)) return 64;
    return anchor::Anchor(options).live();
}

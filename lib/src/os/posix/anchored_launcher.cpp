#include "../fork_child.hpp"
#include "../quiet_socket.hpp"
#include "child_setup.hpp"
#include "reeve/os/process_table.hpp"
#include "reeve/os/session_anchor.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace reeve {
namespace {

constexpr int link_number = 3;  // where the anchor keeps its end of the link

// One message on the link, in the machine's own order. Its form must not change: after an upgrade in place
// the anchors of running sessions are of the former version.
struct Message {
    enum Kind : int { command = 1, exited = 2, signalled = 3 };
    int kind;
    int value;
};

struct PreparedAnchor {
    const char* program;
    char* const* argv;
    char* const* env;
    char* child_digits;  // room for the pid at the end of an argument
    int link;
};

// Decimal digits with leading zeros: no function that would do it may be called here.
void write_digits(char* digits, int count, pid_t pid) {
    for (int i = count - 1; i >= 0; --i, pid /= 10) digits[i] = static_cast<char>('0' + pid % 10);
}

constexpr int digit_count = 10;

// In the child: forks the command, tells its pid, and becomes the anchor.
[[noreturn]] void become_anchor(const PreparedChild& command, const PreparedAnchor& anchor) {
    ::setsid();  // no key on our terminal reaches it
    if (!adopt_orphans()) ::_exit(126);
    if (command.mark != 0) (void)set_inherited_mark(command.mark);
    const pid_t pid = fork_again();
    if (pid == 0) become_command(command);
    if (pid < 0) ::_exit(126);
    const bool placed = ::dup2(command.in, 0) == 0 && ::dup2(command.in, 1) == 1 &&
                        ::dup2(command.in, 2) == 2 &&
                        (anchor.link == link_number || ::dup2(anchor.link, link_number) == link_number) &&
                        ::fcntl(link_number, F_SETFD, 0) == 0;
    if (!placed) ::_exit(126);
    close_from(link_number + 1);
    const Message told{Message::command, pid};
    if (send_quietly(link_number, &told, sizeof told) != static_cast<ssize_t>(sizeof told)) ::_exit(126);
    write_digits(anchor.child_digits, digit_count, pid);
    reset_signals();
    unblock_signals();
    ::execve(anchor.program, anchor.argv, anchor.env);
    ::_exit(126);
}

}  // namespace

Result<std::unique_ptr<SessionAnchor>> SessionAnchor::launch(const LaunchSpec& spec,
                                                             const AnchorSpec& anchor) {
    const std::string doing = "launching " + spec.program + " below an anchor";
    if (!orphans_can_be_adopted()) return Error(Errc::refused, doing, "this system has no subreapers");
    auto layout = Layout::of(spec);
    if (!layout.ok()) return layout.error().while_doing(doing);
    auto link = make_socket_pair();
    if (!link.ok()) return link.error().while_doing(doing);
    if (::fcntl(link->ours.get(), F_SETFL, O_NONBLOCK) != 0) return Error::from_errno(doing);

    std::vector<std::string> words{"reeve-anchor", "session", "link=" + std::to_string(link_number)};
    words.insert(words.end(), anchor.arguments.begin(), anchor.arguments.end());
    words.push_back("child=" + std::string(digit_count, '0'));
    const std::vector<char*> argv = pointers_to(words);
    char* none[] = {nullptr};
    const PreparedAnchor prepared{anchor.program.c_str(), argv.data(), none,
                                  words.back().data() + words.back().size() - digit_count,
                                  link->theirs.get()};

    const AllSignalsBlocked blocked;
    auto forked = fork_child(-1);
    if (forked.ok() && forked->pid == 0) become_anchor(layout->child, prepared);
    if (!forked.ok()) return forked.error().while_doing(doing);
    const pid_t pid = forked->pid;
    TRY(ProcessHandle handle, ProcessHandle::adopt(std::move(forked->handle), pid));
    return std::unique_ptr<SessionAnchor>(
        new SessionAnchor(std::move(handle), std::move(link->ours), std::move(layout->ours)));
}

Result<std::unique_ptr<SessionAnchor>> SessionAnchor::take_over(pid_t pid, UniqueFd link) {
    TRY(std::optional<ProcessHandle> handle, ProcessHandle::open(pid));
    if (!handle)
        return Error(Errc::not_found, "taking over an anchor", "there is no process " + std::to_string(pid));
    return std::unique_ptr<SessionAnchor>(new SessionAnchor(std::move(*handle), std::move(link), UniqueFd()));
}

void SessionAnchor::read() {
    for (;;) {
        Message message{};
        const ssize_t length = ::recv(link_.get(), &message, sizeof message, 0);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (length != static_cast<ssize_t>(sizeof message)) {
            gone_ = true;
            return;
        }
        if (message.kind == Message::command) command_ = message.value;
        if (message.kind == Message::exited) ended_ = ExitStatus{message.value, 0};
        if (message.kind == Message::signalled) ended_ = ExitStatus{-1, message.value};
    }
}

Result<GatedChild> SessionAnchor::take_command() {
    const std::string doing = "launching a command below an anchor";
    if (command_ <= 1) return Error(Errc::failed, doing, "the anchor did not start");
    TRY(auto handle, ProcessHandle::open(command_));
    const auto row = process_entry(command_);
    // Asked while it is held: the child of a child of ours that we have not reaped is nobody else.
    if (!handle || !row || row->parent != handle_.pid() || handle->ended())
        return Error(Errc::failed, doing, "it is gone before it was let run");
    return GatedChild(std::move(*handle), std::move(gate_));
}

void SessionAnchor::release() {
    const char leave = 1;
    (void)send_quietly(link_.get(), &leave, 1);
    link_.reset();
    gone_ = true;
}

}  // namespace reeve

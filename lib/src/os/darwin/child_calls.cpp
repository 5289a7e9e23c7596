// A child has a memory of its own here, so errno is its own too.
#include "../child_calls.hpp"

#include "../quiet_socket.hpp"
#include "open_descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace reeve::child {
namespace {

long told(long result) { return result < 0 ? -errno : result; }

}  // namespace

long lead_session() { return told(::setsid()); }
long place(int fd, int number) { return told(::dup2(fd, number)); }
long keep_on_exec(int fd, bool keep) { return told(::fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC)); }
long read(int fd, void* bytes, std::size_t length) { return told(::read(fd, bytes, length)); }
long send(int socket, const void* bytes, std::size_t length) {
    return told(send_quietly(socket, bytes, length));
}
long enter(const char* directory) { return told(::chdir(directory)); }
long limit(int resource, const rlimit& value) { return told(::setrlimit(resource, &value)); }
long be_nice(int value) { return told(::setpriority(PRIO_PROCESS, 0, value)); }
long execute(const char* program, char* const* argv, char* const* env) {
    return told(::execve(program, argv, env));
}
void leave(int status) { ::_exit(status); }

void close_from(int first) {
    darwin::each_descriptor_from(first, [](int fd) { ::close(fd); });
}

void reset_signals() {
    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);
}

void unblock_signals() {
    sigset_t none;
    sigemptyset(&none);  // a macro here, which takes no "::"
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool set_inherited_mark(std::uint64_t) { return false; }

}  // namespace reeve::child

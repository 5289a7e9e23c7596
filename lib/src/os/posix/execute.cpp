#include "reeve/os/execute.hpp"

#include "child_setup.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <csignal>

extern char** environ;  // unistd.h of macOS does not say so

namespace reeve {

Error execute_in_place(const std::filesystem::path& program, std::vector<std::string> argv,
                       const std::vector<int>& keep) {
    const std::string doing = "executing " + program.string();
    const std::vector<char*> words = pointers_to(argv);
    const AllSignalsBlocked blocked;
    for (const int fd : keep) ::fcntl(fd, F_SETFD, 0);
    ::execve(program.c_str(), words.data(), environ);
    Error failed = Error::from_errno(doing);
    for (const int fd : keep) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    return failed;
}

void hold_signals_back() {
    sigset_t all;
    sigfillset(&all);  // a macro on macOS, which takes no "::"
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

void let_signals_come() {
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

bool take_descriptor(int fd) { return fd > STDERR_FILENO && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0; }

}  // namespace reeve

// The least that a supervisor can cost: fork and exec in a loop, nothing recorded, nobody contained. Whoever
// ends is started again at once. On SIGTERM it ends its children, waits for them, and leaves.
//
// usage: bench_fork_loop COUNT PROGRAM [ARGUMENT...]
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <vector>

namespace {

pid_t start(char** command, const sigset_t& waited_for) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    ::sigprocmask(SIG_UNBLOCK, &waited_for, nullptr);
    ::execv(*command, command);
    ::_exit(127);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 64;
    sigset_t waited_for;
    ::sigemptyset(&waited_for);
    ::sigaddset(&waited_for, SIGTERM);
    ::sigaddset(&waited_for, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &waited_for, nullptr);
    std::vector<pid_t> children;
    for (int left = std::atoi(argv[1]); left > 0; --left) children.push_back(start(argv + 2, waited_for));
    int signal = 0;
    while (::sigwait(&waited_for, &signal) == 0 && signal != SIGTERM) {
        for (pid_t ended = 0; (ended = ::waitpid(-1, nullptr, WNOHANG)) > 0;) {
            std::replace(children.begin(), children.end(), ended, start(argv + 2, waited_for));
        }
    }
    for (const pid_t child : children)
        if (child > 0) ::kill(child, SIGTERM);  // ours and not waited for: nobody else's number
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
}

// The least that starting programs can cost: fork and exec in a loop, nothing recorded, nobody watched. On
// SIGTERM it ends its children, waits for them, and leaves.
//
// usage: bench_fork_loop COUNT PROGRAM [ARGUMENT...]
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <vector>

int main(int argc, char** argv) {
    if (argc < 3) return 64;
    sigset_t asked;
    ::sigemptyset(&asked);
    ::sigaddset(&asked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &asked, nullptr);
    std::vector<pid_t> children;
    for (int left = std::atoi(argv[1]); left > 0; --left) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::sigprocmask(SIG_UNBLOCK, &asked, nullptr);
            ::execv(argv[2], argv + 2);
            ::_exit(127);
        }
        if (child > 0) children.push_back(child);
    }
    int signal = 0;
    ::sigwait(&asked, &signal);
    for (const pid_t child : children)
        ::kill(child, SIGTERM);  // ours and not waited for: nobody else's number
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
}

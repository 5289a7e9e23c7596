#include "../tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace anchor {
namespace {

int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

bool has_ended(int pidfd) {
    pollfd waiting{pidfd, POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1;
}

// Field 4 of /proc/PID/stat, counted from the last ')': the name may hold any byte. 0 when it is gone.
pid_t parent_of(pid_t pid) {
    char path[32];
    std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    char text[512];
    const ssize_t length = ::read(file, text, sizeof text - 1);
    ::close(file);
    if (length <= 0) return 0;
    text[length] = '\0';
    const char* close = std::strrchr(text, ')');
    if (close == nullptr || std::strlen(close) < 4) return 0;
    return static_cast<pid_t>(std::strtol(close + 4, nullptr, 10));
}

template <class Visit>
void each_process(Visit visit) {
    DIR* folder = ::opendir("/proc");
    if (folder == nullptr) return;
    while (const dirent* item = ::readdir(folder)) {  // NOLINT(concurrency-mt-unsafe): one thread
        const long pid = std::strtol(static_cast<const char*>(item->d_name), nullptr, 10);
        if (pid > 1) visit(static_cast<pid_t>(pid));
    }
    ::closedir(folder);
}

struct Process {
    pid_t pid, parent;
};

// The table at one moment. Grows as needed; on lack of memory what was read so far is used, and the next
// round sees the rest.
struct Table {
    Process* rows = nullptr;
    size_t count = 0, room = 0;
    ~Table() { std::free(rows); }
    void add(Process row) {
        if (count == room) {
            const size_t more = room == 0 ? 256 : room * 2;
            auto* grown = static_cast<Process*>(std::realloc(rows, more * sizeof(Process)));
            if (grown == nullptr) return;
            rows = grown;
            room = more;
        }
        rows[count++] = row;
    }
    bool has_children(pid_t pid) const {
        for (size_t i = 0; i < count; ++i) {
            if (rows[i].parent == pid) return true;
        }
        return false;
    }
};

// `holder` pins the parent (or is -1 for ourselves). A child is ours when, while we hold it, its parent is
// still the one that we hold and that lives.
void signal_below(const Table& table, pid_t parent, int holder, int signal, int depth) {
    constexpr int deepest = 512;  // one descriptor a level is held meanwhile
    for (size_t i = 0; i < table.count; ++i) {
        if (table.rows[i].parent != parent) continue;
        const pid_t pid = table.rows[i].pid;
        // A child of ours keeps its pid until we wait for it: no second look is needed. Of a hundred sessions
        // most are of this kind, and on a busy machine every look counts.
        if (holder < 0 && !table.has_children(pid)) {
            ::kill(pid, signal);
            if (signal == SIGTERM) ::kill(pid, SIGCONT);
            continue;
        }
        const int pidfd = open_pidfd(pid);
        if (pidfd < 0) continue;
        const bool ours = parent_of(pid) == parent && (holder < 0 || !has_ended(holder));
        if (ours) {
            // Below first: a parent that leaves at once would hand its children on before they were asked.
            if (depth < deepest) signal_below(table, pid, pidfd, signal, depth + 1);
            ::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0);
            if (signal == SIGTERM) ::syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, nullptr, 0);
        }
        ::close(pidfd);
    }
}

}  // namespace

bool become_subreaper() { return ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0; }

void signal_descendants(int signal) {
    Table table;
    each_process([&](pid_t pid) { table.add({pid, parent_of(pid)}); });
    signal_below(table, ::getpid(), -1, signal, 0);
}

void kill_children() {
    const pid_t self = ::getpid();
    each_process([&](pid_t pid) {
        if (parent_of(pid) == self) ::kill(pid, SIGKILL);
    });
}

int watch_parent(pid_t parent) {
    const int pidfd = open_pidfd(parent);
    // Looked at again after the open: only then is it certain whom we hold.
    if (pidfd >= 0 && ::getppid() == parent) return pidfd;
    if (pidfd >= 0) ::close(pidfd);
    return -1;
}

int watch_guard(pid_t guard) {
    const int pidfd = open_pidfd(guard);
    const pid_t parent = ::getppid();
    if (pidfd >= 0 && (parent == guard || parent_of(parent) == guard) && !has_ended(pidfd)) return pidfd;
    if (pidfd >= 0) ::close(pidfd);
    return -1;
}

bool others_left() { return false; }

int others_watch() { return -1; }

// POLLRDHUP is for sockets; for pipes POLLHUP is always reported.
pollfd watch_input() { return {STDIN_FILENO, POLLRDHUP, 0}; }

bool input_has_ended(const pollfd& watch) { return watch.revents != 0; }

// What another process sends has a code of 0 or below (sigaction(2)).
bool sent_by_key(int /*number*/, const siginfo_t& info) { return info.si_code > 0; }

}  // namespace anchor

#include "../tree.hpp"

#include "../spared.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
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

// The beginning of /proc/PID/NAME, as a text. False when it is gone.
bool read_of(pid_t pid, const char* name, char* text, size_t room) {
    char path[48];
    std::snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const ssize_t length = ::read(file, text, room - 1);
    ::close(file);
    if (length <= 0) return false;
    text[length] = '\0';
    return true;
}

struct Process {
    pid_t pid, parent, session;
    char state;
    std::uint64_t start_time;
    bool ours, spared;  // by spare(); told only when anybody is
};

// Fields 3, 4, 6 and 22 of /proc/PID/stat, counted from the last ')': the name may hold any byte. A parent of
// 0 when it is gone.
Process look_at(pid_t pid) {
    Process seen{pid, 0, 0, '?', 0, false, false};
    char text[512];
    if (!read_of(pid, "stat", text, sizeof text)) return seen;
    char* close = std::strrchr(text, ')');
    if (close == nullptr || std::strlen(close) < 4) return seen;
    seen.state = close[2];
    char* at = close + 3;
    for (int field = 4; field <= 22; ++field) {
        char* end = nullptr;
        const std::uint64_t value = std::strtoull(at, &end, 10);
        if (end == at) break;
        at = end;
        if (field == 4) seen.parent = static_cast<pid_t>(value);
        if (field == 6) seen.session = static_cast<pid_t>(value);
        if (field == 22) seen.start_time = value;
    }
    return seen;
}

pid_t parent_of(pid_t pid) { return look_at(pid).parent; }

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
    // /proc lists them by their numbers.
    Process* find(pid_t pid) const {
        size_t low = 0;
        for (size_t high = count; low < high;) {
            const size_t middle = low + (high - low) / 2;
            if (rows[middle].pid < pid)
                low = middle + 1;
            else
                high = middle;
        }
        return low < count && rows[low].pid == pid ? rows + low : nullptr;
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
        if (table.rows[i].spared) continue;
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

// --- who is spared ---

Leader leaders[most_leaders];
size_t leader_count = 0;

constexpr size_t longest_group = 1024;

// The control group of a process, when it is that of a session of ours; otherwise empty. Only version 2 has
// such lines.
void session_group_of(pid_t pid, char* group) {
    char text[longest_group];
    group[0] = '\0';
    if (!read_of(pid, "cgroup", text, sizeof text)) return;
    char* line = std::strncmp(text, "0::", 3) == 0 ? text : std::strstr(text, "\n0::");
    if (line == nullptr) return;
    line = std::strstr(line, "0::") + 3;
    char* end = std::strchr(line, '\n');
    if (end == nullptr) return;  // longer than any of ours
    *end = '\0';
    char* instance = std::strstr(line, "/reeve-");
    char* session = instance != nullptr ? std::strstr(instance, "/session-") : nullptr;
    if (session == nullptr) return;
    char* below = std::strchr(session + 1, '/');
    if (below != nullptr) *below = '\0';
    std::snprintf(group, longest_group, "%s", line);
}

// Spreads a mark from parents to children until there is nothing new.
void spread(Table& table, bool Process::*mark) {
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < table.count; ++i) {
            if (table.rows[i].*mark) continue;
            const Process* parent = table.find(table.rows[i].parent);
            if (parent != nullptr && parent->*mark) table.rows[i].*mark = changed = true;
        }
    }
}

// Whoever is in the leader's session or group. The number of a session stands for nobody else as long as its
// leader lives.
void mark_those_of(const Process& leader, Table& table) {
    char group[longest_group];
    char other[longest_group];
    session_group_of(leader.pid, group);
    for (size_t i = 0; i < table.count; ++i) {
        Process& row = table.rows[i];
        if (!row.ours || row.spared) continue;
        row.spared = row.session == leader.pid;
        if (row.spared || group[0] == '\0') continue;
        session_group_of(row.pid, other);
        row.spared = std::strcmp(group, other) == 0;
    }
}

void mark(Table& table) {
    const pid_t self = ::getpid();
    for (size_t i = 0; i < table.count; ++i) table.rows[i].ours = table.rows[i].parent == self;
    spread(table, &Process::ours);
    for (size_t i = 0; i < leader_count; ++i) {
        Process* leader = table.find(leaders[i].pid);
        if (leader == nullptr || leader->start_time != leaders[i].start_time) continue;
        if (!leader->ours || leader->state == 'Z') continue;
        leader->spared = true;
        mark_those_of(*leader, table);
    }
    spread(table, &Process::spared);
}

void read_table(Table& table) {
    each_process([&](pid_t pid) { table.add(look_at(pid)); });
    if (leader_count > 0) mark(table);
}

}  // namespace

void spare(const char* file) { leader_count = file != nullptr ? read_leaders(file, leaders) : 0; }

bool anybody_not_spared() {
    if (leader_count == 0) return true;  // who asks knows that there is somebody
    Table table;
    read_table(table);
    for (size_t i = 0; i < table.count; ++i) {
        const Process& row = table.rows[i];
        if (row.ours && !row.spared && row.state != 'Z') return true;
    }
    return false;
}

bool become_subreaper() { return ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0; }

void signal_descendants(int signal) {
    Table table;
    read_table(table);
    signal_below(table, ::getpid(), -1, signal, 0);
}

void kill_children() {
    Table table;
    read_table(table);
    for (size_t i = 0; i < table.count; ++i) {
        const Process& row = table.rows[i];
        if (row.parent == ::getpid() && !row.spared) ::kill(row.pid, SIGKILL);
    }
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

#include "../tree.hpp"

#include "../spared.hpp"

#include <climits>

#include <fcntl.h>
#include <libproc.h>
#include <sys/event.h>
#include <sys/proc_info.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>

namespace anchor {
namespace {

// A pid and its start time name one process for certain: the clock has ticks of 42 ns or less, and before a
// pid comes again the kernel goes round all of them.
struct Process {
    pid_t pid, parent;
    std::uint64_t start_time;
    bool ours, spared;
};

// 0 when there is none, or when it is another user's and cannot be signalled anyway.
std::uint64_t start_time_of(pid_t pid) {
    rusage_info_v0 usage{};
    auto* const buffer = reinterpret_cast<rusage_info_t*>(&usage);  // it fills in what that points to
    return ::proc_pid_rusage(pid, RUSAGE_INFO_V0, buffer) == 0 ? usage.ri_proc_start_abstime : 0;
}

// False for a zombie and what is about to be one.
bool read_row(pid_t pid, proc_bsdshortinfo& row) {
    return ::proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, 0, &row, sizeof row) == static_cast<int>(sizeof row);
}

// Grows as needed; on lack of memory what is in it already is used, and the next round sees the rest.
struct Table {
    Process* rows = nullptr;
    size_t count = 0, room = 0;
    bool add(Process row) {
        if (count == room) {
            const size_t more = room == 0 ? 256 : room * 2;
            auto* grown = static_cast<Process*>(std::realloc(rows, more * sizeof(Process)));
            if (grown == nullptr) return false;
            rows = grown;
            room = more;
        }
        rows[count++] = row;
        return true;
    }
    const Process* find(pid_t pid) const {
        for (size_t i = 0; i < count; ++i) {
            if (rows[i].pid == pid) return &rows[i];
        }
        return nullptr;
    }
    void clear() { count = 0; }
};

// Whoever was signalled, also after it lost its parent and went to launchd; and a kqueue that tells when they
// end. One thread.
Table known;
int known_watch = -1;

int make_kqueue() {
    const int queue = ::kqueue();
    if (queue >= 0) ::fcntl(queue, F_SETFD, FD_CLOEXEC);
    return queue;
}

bool add_event(int queue, uintptr_t what, int16_t filter, uint32_t notes, intptr_t data) {
    struct kevent change {};
    EV_SET(&change, what, filter, EV_ADD | EV_CLEAR, notes, data, nullptr);
    return queue >= 0 && ::kevent(queue, &change, 1, nullptr, 0, nullptr) == 0;
}

bool take_event(int queue, struct kevent& event) {
    const timespec now{};
    return queue >= 0 && ::kevent(queue, nullptr, 0, &event, 1, &now) == 1;
}

void read_table(Table& table) {
    const int count = ::proc_listallpids(nullptr, 0);
    if (count <= 0) return;
    const size_t room = static_cast<size_t>(count) + 64;
    auto* const pids = static_cast<pid_t*>(std::calloc(room, sizeof(pid_t)));
    if (pids == nullptr) return;
    const int found = ::proc_listallpids(pids, static_cast<int>(room * sizeof(pid_t)));
    for (int i = 0; i < found; ++i) {
        // The start time first: if it still is the same before the signal, so was the process meanwhile.
        const std::uint64_t start_time = start_time_of(pids[i]);
        proc_bsdshortinfo row{};
        if (start_time == 0 || !read_row(pids[i], row)) continue;
        table.add({pids[i], static_cast<pid_t>(row.pbsi_ppid), start_time, false, false});
    }
    std::free(pids);
}

// A child cannot be older than its parent: then the table was read across a reuse of the pid.
bool is_ours(const Process& row, const Table& table) {
    if (row.pid == ::getpid()) return false;
    if (row.parent == ::getpid()) return true;
    const Process* before = known.find(row.pid);
    if (before != nullptr && before->start_time == row.start_time) return true;
    const Process* parent = table.find(row.parent);
    return parent != nullptr && parent->ours && parent->start_time <= row.start_time;
}

void mark(Table& table) {
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < table.count; ++i) {
            if (table.rows[i].ours || !is_ours(table.rows[i], table)) continue;
            table.rows[i].ours = changed = true;
        }
    }
}

Leader leaders[most_leaders];
size_t leader_count = 0;

// The number of a session stands for nobody else as long as its leader lives.
bool is_spared(const Process& row, const Table& table) {
    const pid_t session = ::getsid(row.pid);
    for (size_t i = 0; i < leader_count; ++i) {
        const Process* leader = table.find(leaders[i].pid);
        if (leader == nullptr || leader->start_time != leaders[i].start_time) continue;
        if (leader->pid == row.pid || leader->pid == session) return true;
    }
    const Process* parent = table.find(row.parent);
    return parent != nullptr && parent->spared;
}

void mark_spared(Table& table) {
    for (bool changed = leader_count > 0; changed;) {
        changed = false;
        for (size_t i = 0; i < table.count; ++i) {
            if (!table.rows[i].ours || table.rows[i].spared || !is_spared(table.rows[i], table)) continue;
            table.rows[i].spared = changed = true;
        }
    }
}

void remember(const Process& row) {
    const Process* before = known.find(row.pid);
    if (before != nullptr && before->start_time == row.start_time) return;
    if (known_watch < 0) known_watch = make_kqueue();
    known.add(row);
    add_event(known_watch, static_cast<uintptr_t>(row.pid), EVFILT_PROC, NOTE_EXIT, 0);
}

}  // namespace

void spare(const char* file) { leader_count = file != nullptr ? read_leaders(file, leaders) : 0; }

bool anybody_not_spared() {
    if (leader_count == 0) return true;  // who asks knows that there is somebody
    static Table table;                  // its memory is used again each time
    table.clear();
    read_table(table);
    mark(table);
    mark_spared(table);
    for (size_t i = 0; i < table.count; ++i) {
        if (table.rows[i].ours && !table.rows[i].spared) return true;
    }
    return false;
}

bool become_subreaper() { return false; }

void signal_descendants(int signal) {
    static Table table;  // its memory is used again each time
    table.clear();
    read_table(table);
    mark(table);
    mark_spared(table);
    // All are known before the first of them leaves and gives its children away.
    for (size_t i = 0; i < table.count; ++i) {
        if (table.rows[i].ours && !table.rows[i].spared) remember(table.rows[i]);
    }
    for (size_t i = 0; i < table.count; ++i) {
        const Process& row = table.rows[i];
        if (!row.ours || row.spared || start_time_of(row.pid) != row.start_time) continue;
        ::kill(row.pid, signal);
        if (signal == SIGTERM) ::kill(row.pid, SIGCONT);
    }
}

void kill_children() { signal_descendants(SIGKILL); }

bool others_left() {
    struct kevent event {};
    while (take_event(known_watch, event)) {
    }
    Table living = known;  // the same memory, filled again from its start
    living.clear();
    for (size_t i = 0; i < known.count; ++i) {
        const Process row = known.rows[i];
        proc_bsdshortinfo now{};
        if (read_row(row.pid, now) && start_time_of(row.pid) == row.start_time) living.add(row);
    }
    known = living;
    return known.count > 0;
}

int others_watch() { return known_watch; }

int watch_parent(pid_t parent) {
    const int queue = make_kqueue();
    const bool watched = add_event(queue, static_cast<uintptr_t>(parent), EVFILT_PROC, NOTE_EXIT, 0);
    // Looked at again after the watch is set: only then is it certain whom it watches.
    if (watched && ::getppid() == parent) return queue;
    if (queue >= 0) ::close(queue);
    return -1;
}

int watch_guard(pid_t guard) {
    const int queue = make_kqueue();
    const bool watched = add_event(queue, static_cast<uintptr_t>(guard), EVFILT_PROC, NOTE_EXIT, 0);
    const pid_t parent = ::getppid();
    proc_bsdshortinfo row{};
    const bool above =
        parent == guard || (read_row(parent, row) && static_cast<pid_t>(row.pbsi_ppid) == guard);
    if (watched && above) return queue;
    if (queue >= 0) ::close(queue);
    return -1;
}

// poll(2) itself reports no end of input here as long as bytes wait to be read. The low-water mark keeps
// kqueue(2) from telling of each of those; the end it tells in any case.
pollfd watch_input() {
    const int queue = make_kqueue();
    if (add_event(queue, STDIN_FILENO, EVFILT_READ, NOTE_LOWAT, INT_MAX)) return {queue, POLLIN, 0};
    if (queue >= 0) ::close(queue);
    return {-1, 0, 0};  // what kqueue cannot watch, such as /dev/null, has no writer either
}

bool input_has_ended(const pollfd& watch) {
    struct kevent event {};
    bool ended = false;
    while (take_event(watch.fd, event)) ended = ended || (event.flags & EV_EOF) != 0;
    return ended;
}

// The kernel does not tell who sent a signal: si_code is 0, or SI_USER, which is no small number here. So a
// key is taken for the cause of what keys cause, while our group is the one to which keys go.
bool sent_by_key(int number, const siginfo_t& /*info*/) {
    if (number != SIGINT && number != SIGQUIT) return false;
    const int terminal = ::open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (terminal < 0) return false;
    const bool foreground = ::tcgetpgrp(terminal) == ::getpgrp();
    ::close(terminal);
    return foreground;
}

}  // namespace anchor

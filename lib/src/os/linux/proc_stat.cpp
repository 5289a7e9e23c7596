#include "proc_stat.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>

namespace reeve::linux_proc {
namespace {

constexpr long pidfs_magic = 0x50494446;  // PID_FS_MAGIC in linux/magic.h of 6.9; older headers lack it

template <class Number>
bool next_number(std::string_view& rest, Number& value) {
    while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    const auto [end, ec] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (ec != std::errc{}) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return true;
}

bool skip_fields(std::string_view& rest, int count) {
    for (int i = 0; i < count; ++i) {
        long long ignored = 0;
        unsigned long long large = 0;  // some fields use all 64 bits
        std::string_view before = rest;
        if (!next_number(rest, ignored)) {
            rest = before;
            if (!next_number(rest, large)) return false;
        }
    }
    return true;
}

}  // namespace

// Fields are counted from the last ')': the name may hold any byte, brackets and blanks too (proc(5)).
std::optional<Stat> parse_stat(std::string_view text) {
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open)
        return std::nullopt;
    if (close + 3 >= text.size()) return std::nullopt;
    Stat stat;
    stat.name = std::string(text.substr(open + 1, close - open - 1));
    stat.state = text[close + 2];
    std::string_view rest = text.substr(close + 3);
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    std::uint64_t waited_user = 0;
    std::uint64_t waited_system = 0;
    // 4 ppid 5 pgrp 6 session | 7-8 | 9 flags | 10-13 | 14 utime 15 stime 16 cutime 17 cstime | 18-19 |
    // 20 num_threads | 21 | 22 starttime | 23 | 24 rss
    const bool parsed =
        next_number(rest, stat.parent) && next_number(rest, stat.group) && next_number(rest, stat.session) &&
        skip_fields(rest, 2) && next_number(rest, stat.flags) && skip_fields(rest, 4) &&
        next_number(rest, user) && next_number(rest, system) && next_number(rest, waited_user) &&
        next_number(rest, waited_system) && skip_fields(rest, 2) && next_number(rest, stat.threads) &&
        skip_fields(rest, 1) && next_number(rest, stat.start_time) && skip_fields(rest, 1) &&
        next_number(rest, stat.rss_pages);
    if (!parsed) return std::nullopt;
    stat.cpu_ticks = user + system;
    stat.waited_ticks = waited_user + waited_system;
    return stat;
}

std::optional<Stat> read_stat(pid_t pid) {
    if (pid <= 0) return std::nullopt;
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d/stat", pid);
    const UniqueFd file(::open(path.data(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    std::array<char, 1024> text{};  // at most 64 bytes of name and 51 numbers
    const ssize_t length = ::read(file.get(), text.data(), text.size());
    if (length <= 0) return std::nullopt;
    auto stat = parse_stat({text.data(), static_cast<std::size_t>(length)});
    struct stat owner {};
    if (stat && ::fstat(file.get(), &owner) == 0) stat->owner = owner.st_uid;
    return stat;
}

UniqueFd open_pidfd(pid_t pid) { return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

bool has_ended(int pidfd) {
    pollfd waiting{pidfd, POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 1 && (waiting.revents & (POLLIN | POLLHUP)) != 0;
}

std::uint64_t pidfs_inode(int pidfd) {
    struct statfs system {};
    if (::fstatfs(pidfd, &system) != 0 || static_cast<long>(system.f_type) != pidfs_magic) return 0;
    struct stat file {};
    return ::fstat(pidfd, &file) == 0 ? file.st_ino : 0;
}

ProcessSeen look(int pidfd, pid_t pid) {
    ProcessSeen seen;
    const auto stat = read_stat(pid);
    // Asked after the read: while the pidfd says "alive", its pid cannot have been given away, so what was
    // read is about this process. A leader that left before its threads shows state Z but the pidfd knows
    // that it lives.
    if (has_ended(pidfd)) {
        seen.state = ProcessSeen::State::zombie;
        return seen;
    }
    seen.pidfs_inode = pidfs_inode(pidfd);
    if (stat) seen.start_time = stat->start_time;
    // Without /proc (hidepid) the inode alone can still be told; without both nothing can.
    const bool told = stat.has_value() || seen.pidfs_inode != 0;
    seen.state = told ? ProcessSeen::State::running : ProcessSeen::State::hidden;
    return seen;
}

}  // namespace reeve::linux_proc

// /proc/PID/stat, parsed; shared by what reads the process table and what holds one process.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/model/process_identity.hpp"

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::linux_proc {

struct Stat {
    std::string name;
    char state = '?';
    pid_t parent = -1, group = -1, session = -1;
    unsigned flags = 0;  // PF_* of the kernel
    long threads = 0;
    std::uint64_t start_time = 0;
    uid_t owner = 0;
    std::uint64_t cpu_ticks = 0;     // user and system time of the process itself
    std::uint64_t waited_ticks = 0;  // and of its children that it has waited for
    std::uint64_t rss_pages = 0;
};

// Nothing when the process is gone, hidden, or the text makes no sense.
std::optional<Stat> read_stat(pid_t pid);
std::optional<Stat> parse_stat(std::string_view text);

// pidfd_open(2). Close-on-exec by the kernel's own rule.
UniqueFd open_pidfd(pid_t pid);
// Whether the whole process (every thread) has ended: the descriptor is readable then.
bool has_ended(int pidfd);
// The inode of a pidfd on pidfs, unique for one boot (Linux 6.9); 0 where all pidfds share one inode.
std::uint64_t pidfs_inode(int pidfd);

// What `pidfd`, which was opened before the call, and /proc say of `pid` together.
ProcessSeen look(int pidfd, pid_t pid);

}  // namespace reeve::linux_proc

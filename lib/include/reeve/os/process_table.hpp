// The kernel's list of processes: who somebody is, who lives, who descends from whom.
//
// Thread rule: every function may be called from any thread. None blocks beyond reading kernel memory.
// Linux: proc(5). macOS: libproc(3), sysctl(3).
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/process_identity.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// This machine, boot and namespace. Fails when the kernel does not tell (no /proc): then nothing can be
// proved.
Result<Host> this_host();

// What the kernel says about `pid` now. pid <= 0 is absent, never "every process" or "my group".
ProcessSeen look_at(pid_t pid);

// Whether it has been killed and only has not come to its end yet: it runs no instruction of its own any
// more, and what it holds (a lock) is about to fall. False when there is no telling.
bool is_ending(pid_t pid);

// The full identity of a live process. Error with std::errc::no_such_process when it is absent or a zombie,
// Errc::refused when it is hidden.
Result<ProcessIdentity> identify(pid_t pid, const Host& here);

// Whether a start time alone, with its pid, tells a process from every other of this boot. Linux: no, a tick
// is 10 ms, and a pid can be forced to be used again within one. macOS: yes, a tick is 42 ns at most, and the
// kernel goes round all pids before it gives one away again.
bool start_times_are_unique();
// How long until a process of this start time that still lives is told by it from every later one of its
// number: until the tick that it started in is over, 10 ms at most. 0 where it is, and where start times are
// unique.
std::chrono::milliseconds until_start_time_tells(std::uint64_t start_time);

// One row of the table.
struct ProcessEntry {
    pid_t pid = -1;
    pid_t parent = -1;
    pid_t group = -1;
    pid_t session = -1;
    uid_t uid = 0;  // who owns its entry in the table: its user, or root when it is not dumpable
    std::uint64_t start_time = 0;  // as in ProcessIdentity
    bool zombie = false;
    std::string name;  // short command name, for people
};

// Every process of this namespace that we may see, in no order. Processes that vanish while we read are left
// out.
Result<std::vector<ProcessEntry>> list_processes();
std::optional<ProcessEntry> process_entry(pid_t pid);

// The environment that `pid` was executed with, "NAME=value" entries each ended by NUL; empty when it is not
// readable. What a process has changed since is not seen. Linux: environ in proc(5), same user or ptrace
// right. macOS: KERN_PROCARGS2, which hides hardened processes.
std::string environment_block_of(pid_t pid);
// The value of `name` in such a block; nothing when it is not set.
std::optional<std::string_view> find_in_environment(std::string_view block, std::string_view name);

// The mark that launch_gated() gives a session: the soft limit on the number of file locks, which no kernel
// has looked at since Linux 2.4. Every child inherits it, and neither exec nor setsid, closed descriptors or
// an empty environment clear it. 0 where the system has no such limit, the process has none, or it cannot be
// read.
std::uint64_t inherited_mark_of(pid_t pid);

// argv joined by spaces, for people; the short name in brackets when there is none. Cut at `limit` bytes.
std::string command_line_of(pid_t pid, std::size_t limit = 4096);

// Start of `pid` on the wall clock in seconds since 1970, good to about a second: only for records that carry
// no kernel start time (files of other programs). Nothing when absent.
std::optional<double> wall_clock_start_of(pid_t pid);

}  // namespace reeve

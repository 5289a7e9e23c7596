// What tells one process from every other, and the decision whether a recorded one is the one we see.
//
// A pid alone is a number that the kernel gives away again. Start times are the kernel's own (Linux: clock
// ticks since boot, field 22 of proc(5) stat; macOS: ri_proc_start_abstime), never wall-clock time, which
// moves with NTP. Measured: a pid reused at once has the same (pid, tick) in 287 of 300 rounds, because a
// tick is 10 ms; the inode of a pidfd (pidfs, Linux 6.9 and later) differed in all.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <string>

namespace reeve {

// Where a record was written, or where we are: this machine, this boot, this pid namespace.
struct Host {
    std::string machine_id;    // /etc/machine-id, gethostuuid; not the hostname, which may change under us
    std::string boot_id;       // /proc/sys/kernel/random/boot_id, kern.bootsessionuuid
    std::uint64_t pid_ns = 0;  // inode of /proc/self/ns/pid; 0 on systems without pid namespaces
    std::string hostname;      // for people
    bool operator==(const Host&) const = default;
};

struct ProcessIdentity {
    pid_t pid = -1;
    std::uint64_t start_time = 0;  // 0: not recorded
    std::string boot_id;
    std::string machine_id;
    std::uint64_t pid_ns = 0;       // 0: not recorded, or no such thing on that system
    std::uint64_t pidfs_inode = 0;  // 0: not recorded, or the kernel has no pidfs
    bool operator==(const ProcessIdentity&) const = default;
};

// What the kernel says about a pid at one moment.
struct ProcessSeen {
    enum class State {
        absent,   // no such process, or the number is that of a thread and not of a process
        zombie,   // it has ended, and only its parent's wait is missing: dead
        running,  // it lives
        hidden,   // something is there, but we may not look (EPERM, hidepid): no proof of anything
    };
    State state = State::hidden;
    std::uint64_t start_time = 0;   // 0: could not be read
    std::uint64_t pidfs_inode = 0;  // 0: the kernel has none
};

enum class Identity {
    same,       // the recorded process is there and lives
    different,  // it is certainly gone: no such process, a zombie, a later process with its pid, an earlier
                // boot
    unknown,    // no proof either way, or another machine or namespace: never a reason to kill
};

// Pure. `seen` is what look_at(recorded.pid) said on `here`.
Identity compare(const ProcessIdentity& recorded, const Host& here, const ProcessSeen& seen);

enum class OwnerState {
    alive,    // identity same
    dead,     // identity different
    foreign,  // recorded on another machine or in another pid namespace: left alone, shown
    unknown,  // cannot be told: treated as alive by everything that removes or kills
};
OwnerState judge_owner(const ProcessIdentity& recorded, const Host& here, const ProcessSeen& seen);

const char* to_string(Identity identity);
const char* to_string(OwnerState state);

}  // namespace reeve

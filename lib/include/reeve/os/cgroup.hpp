// Control groups, version 2: the only containment that nothing inside can leave. cgroups(7).
//
// Paths are those that /proc/PID/cgroup shows ("0::/user.slice/.../reeve-<uuid>/session-api"), so that a
// process can be asked whether it is inside. On systems without cgroups every function says so by an empty
// answer or an error. Thread rule: any thread.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// Where an instance's group would be, below our own; nothing where none is to be had: no version 2 mounted,
// or REEVE_CGROUP=off is set. It is not made yet: first a record must say that it is there, or a kill in
// between leaves a group that nobody removes.
std::optional<std::string> instance_cgroup(std::string_view instance_id);
// Makes it, or a group below it. Fails where our own group is not ours to divide (not delegated). One that is
// there is taken as it is.
Status make_cgroup(const std::string& path);
// Its directory, for a process to be born in (CLONE_INTO_CGROUP, Linux 5.7).
Result<UniqueFd> open_cgroup(const std::string& path);

// The same directory by name, for a program that knows nothing of groups; empty where there is none.
std::string cgroup_directory(const std::string& path);

// Every process in the group and below; empty when there is no such group.
Result<std::vector<pid_t>> processes_in_cgroup(const std::string& path);
// Whether the process is in the group or below, by the kernel's word now.
bool is_in_cgroup(pid_t pid, const std::string& path);

// Removes the group and those below it. Fails while a process is inside; absent is success.
Status remove_cgroup(const std::string& path);

// Of an instance that is no more: removes those of its sessions' groups in which nobody is, and its own once
// none is left. What an adopted session has made inside its group stays.
void remove_unused_cgroups(const std::string& instance_group);

// Whether `path` is one that instance_cgroup named for this instance, or lies below it. A record that
// names any other group is not believed: it might name everybody's.
bool is_cgroup_of(std::string_view path, std::string_view instance_id);
// The instance's own group, of such a path; empty of any other.
std::string instance_part_of(std::string_view path, std::string_view instance_id);

}  // namespace reeve

// Whom a crash of the supervisor must not end: the leaders of sessions that the next supervisor takes over.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace anchor {

struct Leader {
    pid_t pid;
    std::uint64_t start_time;  // as the records have it: the kernel's own
};

// So many sessions, and no more, outlive a crash.
constexpr size_t most_leaders = 4096;

// Reads lines "PID START_TIME"; what is no such line is skipped. Returns how many there are; none when there
// is no such file.
size_t read_leaders(const char* file, Leader* leaders);

}  // namespace anchor

// What a process was executed with.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace reeve::darwin {

struct Arguments {
    std::string command;      // argv, joined by spaces
    std::string environment;  // "NAME=value" entries, each ended by NUL
};

// Both empty for a process of another user. Of programs that System Integrity Protection guards (what comes
// with macOS, such as /bin/sleep) the kernel keeps the environment to itself.
Arguments read_arguments(pid_t pid);

// KERN_PROCARGS2 gives one block: argc as an int, the path of the program, NULs up to a word, argv, the
// environment, and what the kernel has added for the dynamic linker, all as strings ended by NUL.
Arguments parse_arguments(std::string_view block);

}  // namespace reeve::darwin

// What a new process calls before it executes its command.
//
// It may still share its parent's memory (spawn_child.hpp), and with it errno and whatever else the C library
// keeps for a thread: these touch nothing there. Each gives what the kernel gives, and -errno on failure.
// Async-signal-safe. One source file per system.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace reeve::child {

long lead_session();                   // setsid(2)
long place(int fd, int number);        // dup2(2)
long keep_on_exec(int fd, bool keep);  // FD_CLOEXEC, fcntl(2)
long read(int fd, void* bytes, std::size_t length);
long send(int socket, const void* bytes, std::size_t length);  // no SIGPIPE, as send_quietly
long enter(const char* directory);                             // chdir(2)
long limit(int resource, const rlimit& value);                 // setrlimit(2)
long be_nice(int value);                                       // setpriority(2), of this process
long execute(const char* program, char* const* argv, char* const* env);
[[noreturn]] void leave(int status);  // _exit(2)

// Every descriptor from `first` on.
void close_from(int first);
// Ignored signals and handlers survive, or mean nothing after, an exec: back to the standard.
void reset_signals();
void unblock_signals();
// The mark of inherited_mark_of(), on this process and all that it forks. False where there is no such thing.
bool set_inherited_mark(std::uint64_t mark);

}  // namespace reeve::child

// How reeve starts its anchor. Users never type this.
//
//   reeve-anchor run     [KEY=VALUE...] -- PROGRAM ARG...   the supervisor's parent: restarts it when it
//   crashes reeve-anchor exec    [KEY=VALUE...]                     adopts a child that waits at its gate
//   reeve-anchor session [KEY=VALUE...]                     adopts a child that waits at a gate of the
//   supervisor's: one session's parent, where there is no cgroup
#pragma once

#include <sys/types.h>

namespace anchor {

enum class Role { run, exec, session };

struct Options {
    Role role = Role::session;
    pid_t parent = 0;      // end when this process, our parent, is gone; 0: do not watch
    pid_t child = 0;       // exec, session: the child that already waits
    int gate = -1;         // exec: its gate; one byte lets it run
    int link = -1;         // session: a socket to the supervisor; its end is the end of everything below
    pid_t guard = 0;       // session: the supervisor's anchor, which takes everything down when it lives
    long grace_ms = 5000;  // from the polite signal to SIGKILL, and from end of input to the polite signal
    bool watch_input = false;         // exec: end when every writer of standard input is gone
    const char* crashes = nullptr;    // run: the file that counts crashes
    const char* adoptable = nullptr;  // run: the file that names sessions which a crash must not end
    const char* cgroup = nullptr;     // exec: a directory, removed when nothing is left
    const char* record = nullptr;     // exec: removed when nothing is left
    const char* finish =
        nullptr;  // exec: program executed in our place when nothing of the tree is left, with
                  // finish_id and the exit status as arguments: it clears what is no process
    const char* finish_id = nullptr;
    char* const* command = nullptr;  // run: argv, ended by a null pointer
};

// False, after saying why on standard error, when the arguments make no sense.
bool parse(int argc, char** argv, Options& options);

// "reeve: " and the parts, on standard error, as one write.
void complain(const char* what, const char* why, const char* fix = nullptr);

}  // namespace anchor

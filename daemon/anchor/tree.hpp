// Everything below this process. On Linux a subreaper: what loses its parent becomes our child, so the tree
// is exact.
#pragma once

#include <sys/types.h>

namespace anchor {

// Adopt orphans from now on. Kept across exec (prctl(2)). False where the system has no such thing.
bool become_subreaper();

// Sends `signal` to every descendant. Each is held by a pidfd and its parent looked at again before it is
// signalled, so a recycled pid is never hit.
void signal_descendants(int signal);

// Sends SIGKILL to our direct children only: they cannot be anybody else, because nobody but us reaps them.
// What they leave behind becomes our child in turn; call it again until there is no child left.
void kill_children();

// A descriptor that is readable when `parent`, which must be our parent, has ended; -1 when it is gone
// already or the system cannot tell.
int watch_parent(pid_t parent);

// The same for `guard`, which must be the parent of our parent, or our own when that one has ended.
int watch_guard(pid_t guard);

}  // namespace anchor

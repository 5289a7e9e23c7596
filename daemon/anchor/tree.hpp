// Everything below this process, and what else each system tells in its own way. On Linux a subreaper: what
// loses its parent becomes our child, so the tree is exact. macOS has none: what loses its parent is ours
// only if it was known before.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <csignal>

namespace anchor {

// Adopt orphans from now on. Kept across exec (prctl(2)). False where the system has no such thing.
bool become_subreaper();

// Sends `signal` to every descendant. Each is held by a pidfd and its parent looked at again before it is
// signalled, so a recycled pid is never hit. macOS: the start time is looked at again, and whoever was
// signalled once stays known when it loses its parent.
void signal_descendants(int signal);

// Leaves alone, from now on, those leaders that `file` names (spared.hpp) and that still are the same
// processes, and whoever is certain to belong to one: its descendants, those in the session that it leads,
// and on Linux those in its control group, when that is one of ours. nullptr: nobody is spared any more.
void spare(const char* file);
// Whether a living descendant is not spared.
bool anybody_not_spared();

// Whether somebody whom we have signalled lives on without being our descendant any more. Linux: never.
bool others_left();
// Readable when one of them has ended, until others_left() is asked; -1: there are none.
int others_watch();

// Sends SIGKILL to our direct children only: they cannot be anybody else, because nobody but us reaps them.
// What they leave behind becomes our child in turn; call it again until there is no child left.
void kill_children();

// A descriptor that is readable when `parent`, which must be our parent, has ended; -1 when it is gone
// already or the system cannot tell.
int watch_parent(pid_t parent);

// The same for `guard`, which must be the parent of our parent, or our own when that one has ended.
int watch_guard(pid_t guard);

// What to poll for the end of standard input, without reading from it; and whether what poll says is that.
pollfd watch_input();
bool input_has_ended(const pollfd& watch);

// Whether a key on the terminal sent this signal: then the whole foreground group has got it already.
// Async-signal-safe.
bool sent_by_key(int number, const siginfo_t& info);

}  // namespace anchor

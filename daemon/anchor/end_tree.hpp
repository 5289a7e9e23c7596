// How every anchor ends what is below it.
#pragma once

#include "tree.hpp"

#include <csignal>
#include <ctime>

namespace anchor {

// Milliseconds of a clock that nobody sets.
inline long now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// Asks everything below to leave, waits, and kills until nothing is left. `anything_left` waits for whoever
// has ended, and tells; `wait_event` returns at the next event, or at the time that it is given.
template <class AnythingLeft, class WaitEvent>
void end_tree(long grace_ms, AnythingLeft anything_left, WaitEvent wait_event) {
    if (!anything_left()) return;
    signal_descendants(SIGTERM);
    const long deadline = now_ms() + grace_ms;
    while (now_ms() < deadline) {
        if (!anything_left()) return;
        wait_event(deadline);
    }
    while (anything_left()) {
        signal_descendants(SIGSTOP);  // what is stopped cannot fork while we go through the list
        kill_children();
        wait_event(now_ms() + 50);  // woken by SIGCHLD; the bound is for a child in the kernel's hands
    }
}

}  // namespace anchor

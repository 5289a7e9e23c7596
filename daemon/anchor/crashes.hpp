// How often the supervisor has crashed lately, in a file of the store, so that a loop is seen across restarts
// of everything: one line a crash, seconds since 1970.
#pragma once

namespace anchor {

inline constexpr int crash_limit = 5;       // so many crashes ...
inline constexpr long crash_window_s = 60;  // ... within this time are a loop

// Notes a crash now, and returns how many there were within the window, this one included.
int note_crash(const char* file);
// An orderly end: what was before does not count any more.
void forget_crashes(const char* file);

}  // namespace anchor

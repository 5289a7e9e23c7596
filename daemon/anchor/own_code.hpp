// The anchor's own code, of which it needs little once the supervisor runs.
#pragma once

namespace anchor {

// Lets go of all its pages, and of those of constants; what is used again comes back from the system's cache
// by a page fault. Not while a debugger is attached, whose breakpoints are in them. Source: madvise(2),
// MADV_DONTNEED on private mappings of files; proc(5), TracerPid.
void give_back_code();

}  // namespace anchor

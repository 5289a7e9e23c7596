// The memory of a program that is there all day and mostly waits.
#pragma once

namespace reeve {

// One heap for all threads: ours hand things to each other, one at a time, and each heap keeps pages that the
// others cannot use. Large texts get pages of their own, which go back when the text does. Before the first
// thread. Source: mallopt(3), M_ARENA_MAX and M_MMAP_THRESHOLD.
void keep_heap_small();

// Gives pages of the heap that nothing uses any more back to the system, if they are many. Source:
// malloc_trim(3).
void give_back_heap();

// Lets go of all pages of our code and constants: what is used again comes back from the system's cache by a
// page fault, and what only the start has used, which is most, does not. Does nothing while a debugger is
// attached. Source: madvise(2), MADV_DONTNEED on private mappings of files.
void give_back_code();

}  // namespace reeve

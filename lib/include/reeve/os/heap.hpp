// The C library's heap, in a program that is there all day and mostly waits.
#pragma once

namespace reeve {

// Threads get no heaps of their own: ours hand things to each other, one at a time, and each heap keeps pages
// that the others cannot use. Before the first thread. Source: mallopt(3), M_ARENA_MAX.
void share_one_heap();

// Gives pages that nothing uses any more back to the system, if they are many: the texts of a status of a
// thousand sessions take megabytes, for a moment. Costs nothing worth speaking of when there are few. Source:
// malloc_trim(3).
void give_back_heap();

}  // namespace reeve

#include "reeve/os/heap.hpp"

#include <cstddef>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace reeve {

// musl has one heap, and gives back what is free by itself.
#ifdef __GLIBC__
namespace {

constexpr std::size_t many = 262'144;  // bytes

}  // namespace

void share_one_heap() { ::mallopt(M_ARENA_MAX, 1); }

void give_back_heap() {
    if (::mallinfo2().fordblks > many) ::malloc_trim(0);
}
#else
void share_one_heap() {}

void give_back_heap() {}
#endif

}  // namespace reeve

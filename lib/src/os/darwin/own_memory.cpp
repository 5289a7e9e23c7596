// macOS asks its allocator to give back what is free when memory is short, and its pages of code belong to a
// cache that all processes share.
#include "reeve/os/own_memory.hpp"

namespace reeve {

void keep_heap_small() {}

void give_back_heap() {}

void give_back_code() {}

}  // namespace reeve

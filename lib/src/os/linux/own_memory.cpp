#include "reeve/os/own_memory.hpp"

#include "reeve/os/files.hpp"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace reeve {
namespace {

// Of the program and of each library. Segments that were written to at some time, relocations too, are not
// touched: their pages are not those of the file.
int give_back_segments(dl_phdr_info* object, std::size_t /*size*/, void* /*data*/) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
        const std::uintptr_t first = (begin + page - 1) & ~(page - 1);
        const std::uintptr_t end = (begin + segment.p_filesz) & ~(page - 1);
        if (first < end) (void)::madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
    }
    return 0;
}

// A debugger's breakpoints are written into pages of code, which the file does not have. Source: proc(5),
// TracerPid.
bool is_debugged() {
    const auto status = read_start("/proc/self/status", 4096);
    return !status.ok() || status->find("\nTracerPid:\t0\n") == std::string::npos;
}

}  // namespace

void give_back_code() {
    if (!is_debugged()) ::dl_iterate_phdr(give_back_segments, nullptr);
}

#ifdef __GLIBC__
void keep_heap_small() {
    ::mallopt(M_ARENA_MAX, 1);
    ::mallopt(M_MMAP_THRESHOLD, 65'536);
}

void give_back_heap() {
    constexpr std::size_t many = 262'144;
    if (::mallinfo2().fordblks > many) ::malloc_trim(0);
}
#else
// musl has one heap, and gives back what is free by itself.
void keep_heap_small() {}

void give_back_heap() {}
#endif

}  // namespace reeve

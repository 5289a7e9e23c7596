#include "../spawn_child.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <optional>
#include <vector>

namespace reeve {
namespace {

struct Block {
    char* memory;
    std::size_t size;
    bool is_free() const {
        return reinterpret_cast<const std::atomic<int>*>(memory)->load(std::memory_order_acquire) == 0;
    }
};

// Rooms that nobody holds: of children that were still in them, and one for the next child.
class Blocks {
  public:
    std::optional<Block> take(std::size_t size) {
        const std::lock_guard guard(mutex_);
        std::optional<Block> found;
        std::erase_if(blocks_, [&](const Block& block) {
            if (!block.is_free()) return false;
            if (!found && block.size == size)
                found = block;
            else
                ::munmap(block.memory, block.size);
            return true;
        });
        return found;
    }

    void give(Block block) {
        const std::lock_guard guard(mutex_);
        const bool spare =
            std::any_of(blocks_.begin(), blocks_.end(), [](const Block& b) { return b.is_free(); });
        if (spare && block.is_free())
            ::munmap(block.memory, block.size);
        else
            blocks_.push_back(block);
    }

  private:
    std::mutex mutex_;
    std::vector<Block> blocks_;
};

// Never destroyed: a child may stand in one of them while we end.
Blocks& blocks() {
    static auto* const all = new Blocks;
    return *all;
}

}  // namespace

Result<std::shared_ptr<ChildRoom>> ChildRoom::take(std::size_t bytes) {
    constexpr std::size_t unit = std::size_t{16} * 1024;  // of sizes, so that one room fits most children
    const std::size_t size = (head + bytes + unit - 1) / unit * unit + stack_size;
    auto block = blocks().take(size);
    if (!block) {
        void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return Error::from_errno("making room for a new process");
        new (memory) std::atomic<int>(0);
        block = Block{static_cast<char*>(memory), size};
    }
    return std::shared_ptr<ChildRoom>(new ChildRoom(block->memory, block->size));
}

ChildRoom::~ChildRoom() { blocks().give({memory_, size_}); }

}  // namespace reeve

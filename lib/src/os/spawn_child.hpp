// A new process that is cheap to make, whatever its parent's size.
//
// fork(2) copies the page tables of its caller and makes every page that was written a copy to be made: a few
// hundred microseconds for each session of a supervisor, and milliseconds in a large program that uses the
// library. So where the system can do it the child shares our memory, until it executes its command, and
// stands in a room of its own: what it reads lies there, and its stack. It keeps away from the rest
// (child_calls.hpp), and its signals stay blocked. One source file per system.
#pragma once

#include "fork_child.hpp"

#include <atomic>
#include <cstddef>
#include <memory>

namespace reeve {

// Thread rule: rooms are taken by one thread at a time, as launches are.
class ChildRoom {
  public:
    // `bytes` for what the child reads; its stack comes on top. Held by whoever holds the pointer, and after
    // that by a child that is still in it: the memory is free when both have gone.
    static Result<std::shared_ptr<ChildRoom>> take(std::size_t bytes);

    char* data() { return memory_ + head; }
    std::size_t data_size() const { return size_ - head - stack_size; }
    void* stack() { return memory_ + size_ - stack_size; }
    std::atomic<int>& occupied() { return *reinterpret_cast<std::atomic<int>*>(memory_); }

    static constexpr std::size_t stack_size =
        std::size_t{16} * 1024;  // the child calls little more than the kernel

    ~ChildRoom();
    ChildRoom(const ChildRoom&) = delete;
    ChildRoom& operator=(const ChildRoom&) = delete;

  private:
    static constexpr std::size_t head = 64;
    ChildRoom(char* memory, std::size_t size) : memory_(memory), size_(size) {}
    char* memory_;
    std::size_t size_;
};

// Calls `enter(what)`, which must not return, in a new child. All signals must be blocked. The kernel sets
// `occupied` back to 0 when the child has left the room, by an exec or by its end.
Result<ForkedChild> spawn_child(int cgroup, ChildRoom& room, void (*enter)(const void*), const void* what);

}  // namespace reeve

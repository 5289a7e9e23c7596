#include "../spawn_child.hpp"

#include "raw_call.hpp"

#include <linux/sched.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

namespace reeve {
namespace {

constexpr std::uint64_t clone_into_cgroup = 0x200000000ULL;  // CLONE_INTO_CGROUP, Linux 5.7

// clone3(2) onto another stack. There is no function of the C library for it that takes a cgroup, and one
// that returned in the child would find nothing to return to.
#if defined(REEVE_FORK_ONLY)  // sanitizers know nothing of two processes in one memory
constexpr bool can_share_memory = false;
long clone_onto_stack(clone_args&, void (*)(const void*), const void*) { return -ENOSYS; }
#elif defined(__x86_64__)
constexpr bool can_share_memory = true;
long clone_onto_stack(clone_args& args, void (*enter)(const void*), const void* what) {
    long result = SYS_clone3;
    // Registers that the kernel leaves alone in both. The stack is aligned as a call wants it.
    register void (*r12)(const void*) asm("r12") = enter;
    register const void* r13 asm("r13") = what;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %%r13, %%rdi\n\t"
        "call *%%r12\n\t"
        "hlt\n"
        "1:"
        : "+a"(result)
        : "D"(&args), "S"(sizeof args), "r"(r12), "r"(r13)
        : "rcx", "r11", "memory", "cc");
    return result;
}
#elif defined(__aarch64__)
constexpr bool can_share_memory = true;
long clone_onto_stack(clone_args& args, void (*enter)(const void*), const void* what) {
    register long x8 asm("x8") = SYS_clone3;
    register long x0 asm("x0") = reinterpret_cast<long>(&args);
    register long x1 asm("x1") = sizeof args;
    register void (*x19)(const void*) asm("x19") = enter;
    register const void* x20 asm("x20") = what;
    asm volatile(
        "svc #0\n\t"
        "cbnz x0, 1f\n\t"
        "mov x29, xzr\n\t"
        "mov x0, x20\n\t"
        "blr x19\n\t"
        "brk #0\n"
        "1:"
        : "+r"(x0)
        : "r"(x8), "r"(x1), "r"(x19), "r"(x20)
        : "memory", "cc");
    return x0;
}
#else
constexpr bool can_share_memory = false;
long clone_onto_stack(clone_args&, void (*)(const void*), const void*) { return -ENOSYS; }
#endif

}  // namespace

Result<ForkedChild> spawn_child(int cgroup, ChildRoom& room, void (*enter)(const void*), const void* what) {
    if (can_share_memory) {
        int pidfd = -1;
        clone_args args{};
        args.flags = CLONE_VM | CLONE_CHILD_CLEARTID | CLONE_PIDFD;
        args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
        args.exit_signal = SIGCHLD;
        args.stack = reinterpret_cast<std::uintptr_t>(room.stack());
        args.stack_size = ChildRoom::stack_size;
        args.child_tid = reinterpret_cast<std::uintptr_t>(&room.occupied());
        if (cgroup >= 0) {
            args.flags |= clone_into_cgroup;
            args.cgroup = static_cast<std::uint64_t>(cgroup);
        }
        room.occupied().store(1, std::memory_order_relaxed);
        const long pid = clone_onto_stack(args, enter, what);
        if (pid > 0) return ForkedChild{static_cast<pid_t>(pid), UniqueFd(pidfd)};
        room.occupied().store(0, std::memory_order_relaxed);
        // A kernel or a seccomp filter without clone3 gets a fork.
        if (pid != -ENOSYS && pid != -EPERM) {
            errno = static_cast<int>(-pid);
            return Error::from_errno("making a process");
        }
    }
    auto forked = fork_child(cgroup);
    if (forked.ok() && forked->pid == 0) enter(what);
    return forked;
}

}  // namespace reeve

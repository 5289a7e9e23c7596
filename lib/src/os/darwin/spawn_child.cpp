#include "../spawn_child.hpp"

namespace reeve {

// There is no call for it here: a fork.
Result<ForkedChild> spawn_child(int cgroup, ChildRoom&, void (*enter)(const void*), const void* what) {
    auto forked = fork_child(cgroup);
    if (forked.ok() && forked->pid == 0) enter(what);
    return forked;
}

}  // namespace reeve

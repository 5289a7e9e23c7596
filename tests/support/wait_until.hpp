// Waits for what the kernel does not announce: the one place of the tests that looks again and again.
#pragma once

#include <poll.h>

#include <chrono>

namespace reeve::test {

// Whether `condition` came true before the deadline; it is asked at least once.
template <class Condition>
bool wait_until(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    for (;;) {
        if (condition()) return true;
        if (std::chrono::steady_clock::now() >= deadline) return false;
        ::poll(nullptr, 0, 2);
    }
}

// Whether `condition` is true now and stays so for a while: for what must not happen.
template <class Condition>
bool stays(Condition condition, std::chrono::milliseconds time = std::chrono::milliseconds(300)) {
    return !wait_until([&] { return !condition(); }, time);
}

}  // namespace reeve::test

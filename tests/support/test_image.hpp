// The container engine and the image that tests run containers of.
#pragma once

#include "reeve/engine/docker_cli.hpp"

#include <cstdlib>
#include <string>

namespace reeve::test {

inline constexpr const char* test_image = "reeve-test/busybox:1";

// Makes the image if it is missing. Why this engine cannot be used, or empty. Asked once in a process.
const std::string& why_no_engine(const std::string& command = "docker");

// A label value, and part of a name, that no other test on this machine has at this moment.
std::string unique_name(const std::string& stem);

}  // namespace reeve::test

// Skips the test when the engine does not answer, and says why. Under CI a missing docker is a failure: a
// test that never runs proves nothing.
#define REEVE_NEEDS_ENGINE(command)                                                         \
    do {                                                                                    \
        const std::string& why_not = ::reeve::test::why_no_engine(command);                 \
        if (why_not.empty()) break;                                                         \
        const char* ci = std::getenv("CI");                                                 \
        if (ci != nullptr && std::string(ci) == "true" && std::string(command) == "docker") \
            FAIL() << "no container engine: " << why_not;                                   \
        GTEST_SKIP() << "no container engine: " << why_not;                                 \
    } while (false)

// Runs a program to its end and says what came out of it. No shell, no inherited environment.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace reeve::test {

struct Program {
    std::vector<std::string> argv;           // [0]: an absolute path
    std::map<std::string, std::string> env;  // the whole environment
    std::string input;
    std::chrono::seconds limit{30};
};

struct Ended {
    int code = -1;           // 128 + n when signal n ended it
    bool timed_out = false;  // it was killed after the limit, with its process group
    std::string out;
    std::string err;
};

// Returns when the program itself has ended, whether or not something that it started still holds its output.
// Throws when it cannot be started.
Ended run_program(const Program& program);

}  // namespace reeve::test

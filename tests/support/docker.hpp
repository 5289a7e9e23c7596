// The docker client, called by hand, beside what Reeve does with it.
#pragma once

#include "reeve/engine/tool.hpp"
#include "support/run_program.hpp"

#include <iterator>
#include <sstream>
#include <string>
#include <vector>

namespace reeve::test {

inline Ended docker(std::vector<std::string> words) {
    Program program;
    program.argv = {find_program("docker").value().string()};
    program.argv.insert(program.argv.end(), words.begin(), words.end());
    program.env = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/nonexistent"}};
    program.limit = std::chrono::seconds(60);
    return run_program(program);
}

inline std::vector<std::string> words_of(const std::string& text) {
    std::istringstream stream(text);
    return {std::istream_iterator<std::string>(stream), {}};
}

inline bool container_exists(const std::string& container) {
    return docker({"container", "inspect", container}).code == 0;
}

}  // namespace reeve::test

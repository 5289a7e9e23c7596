// What is wrong with a configuration, gathered while it is read and put in the order of its text at the end.
#pragma once

#include "reeve/model/config_parse.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

class ProblemList {
  public:
    // A person mends a hundred problems before asking for more, and each holds a pointer that a hostile text
    // can make long.
    static constexpr std::size_t most = 100;

    // `offset` is the byte of the text that the problem is about.
    void add(std::size_t offset, std::string pointer, std::string what, std::string fix);
    bool empty() const { return found_.empty(); }
    bool full() const { return found_.size() >= most; }

    // Lines and columns are found only now: most configurations have no problem.
    std::vector<ConfigProblem> in_order_of(std::string_view text);

  private:
    struct Found {
        std::size_t offset = 0;
        ConfigProblem problem;
    };
    std::vector<Found> found_;
    std::size_t left_out_ = 0;
};

// One step of a JSON pointer, with its slash: RFC 6901 writes ~ as ~0 and / as ~1.
std::string pointer_step(std::string_view token);

}  // namespace reeve

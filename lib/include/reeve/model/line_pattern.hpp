// A pattern for a line of a program's output: a POSIX extended regular expression.
//
// Not std::regex: that of libstdc++ recurses once for each character, so a long line overflows the stack.
// Backward references are refused, because with them a match may take for ever.
#pragma once

#include "reeve/base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace reeve {

class LinePattern {
  public:
    // Errc::invalid_data: not a pattern; why() says what is wrong with it.
    static Result<LinePattern> compile(const std::string& pattern);
    bool matches(std::string_view line) const;

  private:
    struct Compiled;
    explicit LinePattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
    std::shared_ptr<const Compiled> compiled_;
};

// Cuts bytes as they come into lines and tells whether one of them matched. A line over 8 KiB is matched by
// its beginning. A line that has not ended yet is looked at too: a prompt never ends its line.
class LineMatcher {
  public:
    explicit LineMatcher(LinePattern pattern) : pattern_(std::move(pattern)) {}
    bool feed(std::string_view bytes);

  private:
    static constexpr std::size_t longest = 8192;
    LinePattern pattern_;
    std::string line_;  // what came of the line so far, cut
};

}  // namespace reeve

// The end of a program's output, as a status shows it: few lines, safe to print, and without secrets.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace reeve {

// The last ten lines, each printable and cut to 300 bytes. Values of `secrets` with six bytes or more are
// replaced by "***": a shorter one could be any word.
std::string output_tail(std::string_view text, const std::map<std::string, std::string>& secrets);

}  // namespace reeve

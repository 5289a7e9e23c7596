// Text for man(7): nothing in it is taken for a request or an escape.
#pragma once

#include <string>
#include <string_view>

namespace reeve {

std::string roff(std::string_view text);
inline std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
inline std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }
// Lines as they are, for examples.
std::string verbatim(std::string_view text);
std::string title_line(std::string_view name, std::string_view section, std::string_view manual);

}  // namespace reeve

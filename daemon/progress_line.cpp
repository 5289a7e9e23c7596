#include "progress_line.hpp"

#include "reeve/base/text.hpp"
#include "terminal.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

namespace reeve {
namespace {

constexpr std::string_view clear_line = "\r\033[K";

void draw(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

bool on_terminal() { return ::isatty(STDERR_FILENO) == 1; }

}  // namespace

ProgressLine::~ProgressLine() {
    if (shown_ && on_terminal()) draw(std::string(clear_line));
}

void ProgressLine::show(std::string_view text) {
    if (on_terminal())
        draw(std::string(clear_line) + "reeve: " + printable(text));
    else if (!shown_)
        print_error(text);
    shown_ = true;
}

}  // namespace reeve

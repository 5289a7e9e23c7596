#include "spared.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace anchor {
namespace {

constexpr std::uint64_t too_large = UINT64_MAX / 10;
constexpr std::uint64_t highest_pid = 1U << 30U;

// One character after the other, because the file may be larger than any buffer of ours.
struct LineReader {
    std::uint64_t numbers[2] = {0, 0};
    int which = 0;  // of the two; 2: this is no such line
    bool digits = false;

    // True at the end of a line that names a process.
    bool take(char c) {
        if (c == '\n') return digits && which == 1 && numbers[0] > 1 && numbers[0] <= highest_pid;
        if (which > 1) return false;
        if (c == ' ' && which == 0 && digits) {
            which = 1;
            digits = false;
        } else if (c >= '0' && c <= '9' && numbers[which] < too_large) {
            numbers[which] = numbers[which] * 10 + static_cast<std::uint64_t>(c - '0');
            digits = true;
        } else {
            which = 2;
        }
        return false;
    }
};

}  // namespace

size_t read_leaders(const char* file, Leader* leaders) {
    const int in = ::open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (in < 0) return 0;
    size_t count = 0;
    LineReader line;
    char text[4096];
    for (;;) {
        const ssize_t length = ::read(in, text, sizeof text);
        if (length <= 0) break;
        for (ssize_t i = 0; i < length && count < most_leaders; ++i) {
            if (line.take(text[i])) leaders[count++] = {static_cast<pid_t>(line.numbers[0]), line.numbers[1]};
            if (text[i] == '\n') line = LineReader{};
        }
    }
    ::close(in);
    return count;
}

}  // namespace anchor

// bench_writer GO DONE BYTES CHUNK PAUSE_MS: waits until the FIFO GO can be read, writes BYTES of lines to
// standard output, CHUNK at a time with a pause after each, then a byte into the FIFO DONE, and stays.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

bool write_all(int fd, const char* bytes, std::size_t length) {
    while (length > 0) {
        const ssize_t written = ::write(fd, bytes, length);
        if (written <= 0) return false;
        bytes += written;
        length -= static_cast<std::size_t>(written);
    }
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) return std::fputs("bench_writer: GO DONE BYTES CHUNK PAUSE_MS\n", stderr), 64;
    const auto total = std::strtoull(argv[3], nullptr, 10);
    const auto chunk = std::strtoull(argv[4], nullptr, 10);
    const int pause = std::atoi(argv[5]);
    const int go = ::open(argv[1], O_RDONLY);
    const int said = ::open(argv[2], O_WRONLY);
    char byte = 0;
    if (go < 0 || said < 0 || ::read(go, &byte, 1) != 1) return 1;

    std::string lines;
    while (lines.size() < chunk) lines += std::string(99, 'x') + "\n";
    for (unsigned long long left = total; left > 0;) {
        const auto length = std::min<unsigned long long>(left, chunk);
        if (!write_all(STDOUT_FILENO, lines.data(), length)) return 1;
        left -= length;
        if (pause > 0) ::poll(nullptr, 0, pause);
    }
    if (!write_all(said, "d", 1)) return 1;
    ::pause();
}

// Says that it runs by a line with its pid into a FIFO, and waits for its end. What is not an argument is in
// the environment, for supervisors that run a file without arguments.
//
// usage: bench_child [FIFO [stubborn]]     or $BENCH_FIFO and $BENCH_STUBBORN; stubborn: ignores SIGTERM
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    const char* path = std::getenv("BENCH_FIFO");
    if (path == nullptr && argc > 1) path = argv[1];
    if (argc > 2 || std::getenv("BENCH_STUBBORN") != nullptr) std::signal(SIGTERM, SIG_IGN);
    const int fifo = path != nullptr ? ::open(path, O_WRONLY | O_CLOEXEC) : -1;
    std::array<char, 16> line{};
    const int length = std::snprintf(line.data(), line.size(), "%d\n", ::getpid());
    if (fifo < 0 || ::write(fifo, line.data(), static_cast<std::size_t>(length)) != length) return 1;
    ::close(fifo);
    for (;;) ::pause();
}

// Says that it runs by one byte into a FIFO, and waits for its end.
//
// usage: bench_child FIFO
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char** argv) {
    const int fifo = argc == 2 ? ::open(argv[1], O_WRONLY | O_CLOEXEC) : -1;
    if (fifo < 0 || ::write(fifo, "r", 1) != 1) return 1;
    ::close(fifo);
    for (;;) ::pause();
}

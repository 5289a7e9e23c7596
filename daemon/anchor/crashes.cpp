#include "crashes.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace anchor {

int note_crash(const char* file) {
    const long now = static_cast<long>(std::time(nullptr));
    long recent[64];
    int count = 0;
    char text[2048];
    const int in = ::open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const ssize_t length = in >= 0 ? ::read(in, text, sizeof text - 1) : 0;
    if (in >= 0) ::close(in);
    text[length > 0 ? length : 0] = '\0';
    for (char* line = text; *line != '\0';) {
        char* end = nullptr;
        const long when = std::strtol(line, &end, 10);
        // A clock that was set back must not keep crashes of the future for ever.
        if (end != line && when <= now && now - when <= crash_window_s && count < 63) recent[count++] = when;
        const char* next = std::strchr(line, '\n');
        if (next == nullptr) break;
        line = text + (next - text) + 1;
    }
    recent[count++] = now;

    // Named and locked like every draft in the store, so that the next supervisor removes it if we are
    // killed.
    char draft[4096];
    const char* slash = std::strrchr(file, '/');
    const int folder = slash != nullptr ? static_cast<int>(slash - file) + 1 : 0;
    std::snprintf(draft, sizeof draft, "%.*s.tmp-%d-crashes", folder, file, static_cast<int>(::getpid()));
    const int out = ::open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (out < 0) return count;
    (void)::flock(out, LOCK_EX | LOCK_NB);  // sole user of this name; without it the worst is a lost line
    int used = 0;
    for (int i = 0; i < count; ++i) {
        used += std::snprintf(text + used, sizeof text - static_cast<size_t>(used), "%ld\n", recent[i]);
    }
    const bool written = ::write(out, text, static_cast<size_t>(used)) == used && ::fsync(out) == 0;
    ::close(out);
    if (!written || ::rename(draft, file) != 0) ::unlink(draft);
    return count;
}

void forget_crashes(const char* file) { ::unlink(file); }

}  // namespace anchor

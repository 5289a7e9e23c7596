#include "commands/logs.hpp"

#include "exit_code.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/os/file_watch.hpp"
#include "reeve/store/store.hpp"
#include "terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace reeve {
namespace {

// Where the last `lines` lines begin, found from the end in blocks: a log of gigabytes costs only what is
// shown.
off_t start_of_last_lines(int fd, off_t size, int lines) {
    std::array<char, 65536> block{};
    off_t end = size;
    int seen = -1;  // the newline that ends the last line begins nothing
    if (lines <= 0) return size;
    while (end > 0) {
        const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(block.size()));
        const ssize_t length = ::pread(fd, block.data(), static_cast<std::size_t>(end - begin), begin);
        if (length <= 0) return begin;
        for (ssize_t i = length - 1; i >= 0; --i) {
            const bool last_byte = begin + i == size - 1;
            if (block[static_cast<std::size_t>(i)] != '\n') {
                if (last_byte) seen = 0;  // an unfinished line counts as one
                continue;
            }
            if (++seen == lines) return begin + i + 1;
        }
        end = begin;
    }
    return 0;
}

off_t print_from(int fd, off_t at) {
    std::array<char, 65536> block{};
    for (;;) {
        const ssize_t length = ::pread(fd, block.data(), block.size(), at);
        if (length <= 0) return at;
        print({block.data(), static_cast<std::size_t>(length)});
        at += length;
    }
}

UniqueFd open_log(const std::filesystem::path& path) {
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
}

// Follows appends and rotations: when the name stands for another file, the old one is read to its end first.
Status follow(const std::filesystem::path& path, UniqueFd fd, off_t at) {
    TRY(const UniqueFd changes, watch_contents(path.parent_path()));
    for (;;) {
        at = print_from(fd.get(), at);
        if (!finish_output()) return done;
        struct stat ours {};
        struct stat named {};
        const bool rotated =
            ::fstat(fd.get(), &ours) == 0 && ::stat(path.c_str(), &named) == 0 && ours.st_ino != named.st_ino;
        if (rotated) {
            UniqueFd next = open_log(path);
            if (next) {
                fd = std::move(next);
                at = 0;
                continue;
            }
        }
        pollfd waiting{changes.get(), POLLIN, 0};
        ::poll(&waiting, 1, -1);
        drain_watch(changes.get());
    }
}

Status show(const Options& options) {
    const std::string& name = options.names.front();
    if (!is_session_name(name)) {
        return Error(Errc::not_found, "reading the log of " + name, "that is no session's name",
                     "see: reeve status");
    }
    TRY(const std::filesystem::path root, find_store(options.store));
    const std::filesystem::path path = StorePaths{root}.log({name});
    UniqueFd fd = open_log(path);
    if (!fd && errno == ENOENT) {
        return Error(Errc::not_found, "reading the log of " + name, "there is none: it has never run here",
                     "see: reeve status");
    }
    if (!fd) return Error::from_errno("reading " + path.string());
    struct stat now {};
    if (::fstat(fd.get(), &now) != 0) return Error::from_errno("reading " + path.string());
    const off_t at = print_from(fd.get(), start_of_last_lines(fd.get(), now.st_size, options.lines));
    if (!options.follow) return done;
    return follow(path, std::move(fd), at);
}

}  // namespace

int run_logs(const Options& options) {
    const Status shown = show(options);
    if (shown.ok()) return exit_code::done;
    print_error(shown.error());
    return exit_code::of(shown.error());
}

}  // namespace reeve

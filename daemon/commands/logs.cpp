#include "commands/logs.hpp"

#include "exit_code.hpp"
#include "reeve/core/session_log.hpp"
#include "reeve/engine/docker_cli.hpp"
#include "reeve/engine/tool.hpp"
#include "reeve/model/ids.hpp"
#include "reeve/model/status_snapshot.hpp"
#include "reeve/os/file_watch.hpp"
#include "reeve/os/files.hpp"
#include "reeve/os/write_time.hpp"
#include "reeve/store/instance_registry.hpp"
#include "reeve/store/store.hpp"
#include "terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

namespace reeve {
namespace {

struct LastLines {
    off_t begin = 0;
    int seen = 0;  // fewer than asked for: the file has no more
};

// Where the last `wanted` lines of a file begin, found from the end in blocks: a log of gigabytes costs only
// what is shown.
LastLines find_last_lines(int fd, off_t size, int wanted) {
    std::array<char, 65536> block{};
    off_t end = size;
    int seen = -1;  // the newline that ends the last line begins nothing
    if (wanted <= 0) return {size, 0};
    while (end > 0) {
        const off_t begin = std::max<off_t>(0, end - static_cast<off_t>(block.size()));
        const ssize_t length = ::pread(fd, block.data(), static_cast<std::size_t>(end - begin), begin);
        if (length <= 0) return {begin, wanted};
        for (ssize_t i = length - 1; i >= 0; --i) {
            const bool last_byte = begin + i == size - 1;
            if (block[static_cast<std::size_t>(i)] != '\n') {
                if (last_byte) seen = 0;  // an unfinished line counts as one
                continue;
            }
            if (++seen == wanted) return {begin + i + 1, wanted};
        }
        end = begin;
    }
    return {0, size > 0 ? seen + 1 : 0};
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

// Prints pieces from the oldest of the first `count` to the youngest; returns where the youngest was left.
off_t print_pieces(const std::vector<LogPiece>& pieces, std::size_t count, off_t at) {
    for (std::size_t i = count; i-- > 0; at = 0) {
        at = print_from(pieces[i].file.get(), at);
        if (i == 0) return at;
    }
    return at;
}

// How many of the pieces are younger than the one that was followed. One that somebody has removed is none of
// them: then those that were written to later, and the new one.
std::size_t count_younger(const std::vector<LogPiece>& pieces, const LogPiece& followed) {
    const auto ours = std::find_if(pieces.begin(), pieces.end(),
                                   [&](const LogPiece& other) { return other.inode == followed.inode; });
    if (ours != pieces.end()) return static_cast<std::size_t>(ours - pieces.begin());
    const std::int64_t last = written_at(followed.file.get());
    std::size_t count = std::min<std::size_t>(pieces.size(), 1);
    while (count < pieces.size() && pieces[count].written_at > last) ++count;
    return count;
}

// Follows appends and rotations: the old file is read to its end first, then what came after it, in order.
Status follow(const std::filesystem::path& path, LogPiece piece, off_t at) {
    TRY(const UniqueFd changes, watch_contents(path.parent_path()));
    for (;;) {
        struct stat now {};
        if (::fstat(piece.file.get(), &now) == 0 && now.st_size < at) at = 0;  // somebody has emptied it
        at = print_from(piece.file.get(), at);
        if (!finish_output()) return done;
        struct stat named {};
        const bool rotated = ::stat(path.c_str(), &named) == 0 && named.st_ino != piece.inode;
        if (rotated) {
            TRY(auto pieces, open_log_pieces(path));
            at = print_from(piece.file.get(), at);  // what came between the last look and the rotation
            const std::size_t younger = count_younger(pieces, piece);
            if (younger > 0) {
                at = print_pieces(pieces, younger, 0);
                piece = std::move(pieces.front());
                continue;
            }
        }
        // The reader of a pipe may leave while nothing is written: without a look at it we would never know.
        pollfd waiting[2] = {{changes.get(), POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
        ::poll(waiting, 2, -1);
        if (waiting[1].revents != 0) return done;
        drain_watch(changes.get());
    }
}

// A container's output is kept by its engine: its own command shows it, asked as the record says that it was
// made.
Status show_container(const Options& options, const StorePaths& paths) {
    const SessionName name{options.names.front()};
    TRY(const auto text, read_file(paths.status(), 16u << 20));
    TRY(const StatusSnapshot status, status_snapshot_from_json(text));
    const auto it = status.sessions.find(name);
    const auto record = InstanceRegistry(paths).load(status.instance_id);
    const ContainerSessionRecord* made = nullptr;
    if (record.ok()) {
        const auto recorded = record->sessions.find(name);
        if (recorded != record->sessions.end()) made = std::get_if<ContainerSessionRecord>(&recorded->second);
    }
    if (it == status.sessions.end() || !it->second.container_id || made == nullptr) {
        return Error(Errc::not_found, "reading the log of " + name.value,
                     "there is none: it does not run here", "see: reeve status");
    }
    TRY(const auto program, find_program(made->engine));
    if (!made->endpoint.empty()) ::setenv(endpoint_variable(made->engine), made->endpoint.c_str(), 1);
    std::vector<std::string> words{program.string(), "logs"};
    if (options.follow) words.emplace_back("--follow");
    words.insert(words.end(), {"--tail", std::to_string(options.lines), *it->second.container_id});
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    ::execv(argv[0], argv.data());
    return Error::from_errno("running " + words[0]);
}

Status show(const Options& options) {
    const std::string& name = options.names.front();
    if (!is_session_name(name)) {
        return Error(Errc::not_found, "reading the log of " + name, "that is no session's name",
                     "see: reeve status");
    }
    TRY(const std::filesystem::path root, find_store(options.store));
    const StorePaths paths{root};
    const std::filesystem::path path = paths.log({name});
    TRY(auto pieces, open_log_pieces(path));
    if (pieces.empty()) return show_container(options, paths);
    std::size_t count = 0;
    off_t at = 0;
    for (int wanted = options.lines; count < pieces.size();) {
        const LogPiece& piece = pieces[count++];
        const LastLines last = find_last_lines(piece.file.get(), static_cast<off_t>(piece.size), wanted);
        at = last.begin;
        wanted -= last.seen;
        if (wanted <= 0) break;
    }
    at = print_pieces(pieces, count, at);
    if (!options.follow) return done;
    return follow(path, std::move(pieces.front()), at);
}

}  // namespace

int run_logs(const Options& options) { return exit_code::after(show(options)); }

}  // namespace reeve

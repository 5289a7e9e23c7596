// A session's log: logs/<session>.log, rotated by size to .1, .2, ... (.1 is the youngest).
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"
#include "reeve/model/config.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace reeve {

// A place in a log that rotations do not move.
struct LogPosition {
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;
};

// Every byte that is appended is in exactly one of the files, in order. A file is rotated at the end of a
// line, so it may be larger than `max_size` by what is left of one line, up to 1 MiB; then the line is split.
//
// One writer for each path. Not thread-safe.
class SessionLog {
  public:
    // Opens the file for appending; it is made (0600) when absent. A link, a FIFO or a directory in its place
    // is refused.
    static Result<SessionLog> open(const std::filesystem::path& path, const LogConfig& config);

    // On an error what was not written is lost: a full disk must not stop the session. The next call tries
    // again. While is_not_rotated() the error says why, and all was written, to a file that is too large.
    Status append(std::string_view bytes);
    bool is_not_rotated() const { return !not_rotated_.ok(); }
    // How bytes get into the file, instead of write(2): as that call, and with the same bytes.
    using Write = std::function<ssize_t(int file, std::string_view bytes)>;
    void write_by(Write write) { write_ = write ? std::make_unique<Write>(std::move(write)) : nullptr; }
    // For whoever removed or truncated the file by hand: goes on in a new one. Call it now and then.
    Status look_again();
    LogPosition position() const;
    // Whether the last byte that was appended ended a line; and of a log whose last line another program of
    // this process has begun.
    bool between_lines() const { return between_lines_; }
    void go_on(bool between_lines) { between_lines_ = between_lines; }
    // Counts the rotations, for whoever keeps a limit on all logs.
    int rotations() const { return rotations_; }

  private:
    SessionLog(const std::filesystem::path& path, const LogConfig& config)
        : path_(path.native()), config_(config), limit_(config.max_size) {}
    Status open_file();
    Status rotate();
    Status write_all(std::string_view bytes);

    std::string path_;  // a path keeps a list of its parts, too, as long as itself: there may be a thousand
    LogConfig config_;
    UniqueFd file_;
    std::unique_ptr<Write> write_;  // none: write(2), as nearly always
    std::uint64_t size_ = 0;
    std::uint64_t limit_;        // where it is rotated; more than max_size when that has failed
    Status not_rotated_ = done;  // why
    bool between_lines_ = true;  // the last byte ended a line
    int rotations_ = 0;
};

// Removes the oldest rotated logs of a folder until all its logs together are at most `limit` bytes, or no
// rotated one is left. Files that are written to now are never removed.
Status limit_logs(const std::filesystem::path& folder, std::uint64_t limit);

// Where the next byte goes, and whether it begins a line; of a log that nobody writes to now.
struct LogEnd {
    LogPosition at;
    bool between_lines = true;
};
LogEnd end_of_log(const std::filesystem::path& path);

// The files of one log, youngest first, opened for reading; none when there is no log. A rotation meanwhile
// neither hides a file nor shows it twice.
struct LogPiece {
    UniqueFd file;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;       // when it was opened
    std::int64_t written_at = 0;  // the same: of the last write, nanoseconds since 1970
};
Result<std::vector<LogPiece>> open_log_pieces(const std::filesystem::path& path);

}  // namespace reeve

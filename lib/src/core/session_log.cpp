#include "reeve/core/session_log.hpp"

#include "reeve/os/write_time.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

namespace reeve {
namespace {

constexpr std::uint64_t longest_overrun = 1u << 20;  // bytes that one line may go beyond max_size

std::filesystem::path numbered(const std::filesystem::path& path, int number) {
    return path.string() + "." + std::to_string(number);
}

bool is_number(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<SessionLog> SessionLog::open(const std::filesystem::path& path, const LogConfig& config) {
    SessionLog log(path, config);
    CHECK(log.open_file());
    if (log.size_ >= config.max_size) {
        CHECK(log.rotate());
    }
    return log;
}

Status SessionLog::open_file() {
    // O_NONBLOCK is for a FIFO in its place, which must not make us wait for a reader.
    file_.reset(
        ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!file_) return Error::from_errno("opening the log " + path_);
    struct stat now {};
    if (::fstat(file_.get(), &now) != 0) return Error::from_errno("opening the log " + path_);
    if (!S_ISREG(now.st_mode)) {
        file_.reset();
        return Error(Errc::refused, "opening the log " + path_, "not a regular file", "remove it");
    }
    size_ = static_cast<std::uint64_t>(now.st_size);
    return done;
}

LogPosition SessionLog::position() const {
    struct stat now {};
    if (::fstat(file_.get(), &now) != 0) return {};
    return {static_cast<std::uint64_t>(now.st_ino), size_};
}

// Renames only, so a reader of the old file goes on reading it. Where the file cannot be put aside it goes on
// being written to, which is less bad than to lose what comes, and is tried again when it has grown by as
// much once more.
Status SessionLog::rotate() {
    std::error_code ignored;
    std::error_code failed;
    const int keep = config_.keep;
    if (keep > 0) std::filesystem::remove(numbered(path_, keep), ignored);
    for (int number = keep - 1; number >= 1; --number)
        std::filesystem::rename(numbered(path_, number), numbered(path_, number + 1), ignored);
    if (keep > 0)
        std::filesystem::rename(path_, numbered(path_, 1), failed);
    else
        std::filesystem::remove(path_, failed);
    if (failed) {
        for (int number = 1; number < keep; ++number)
            std::filesystem::rename(numbered(path_, number + 1), numbered(path_, number), ignored);
        not_rotated_ = Error(failed, "rotating the log " + path_);
        limit_ = size_ + config_.max_size;
        return done;
    }
    not_rotated_ = done;
    limit_ = config_.max_size;
    ++rotations_;
    return open_file();
}

Status SessionLog::write_all(std::string_view bytes) {
    if (!file_) {
        CHECK(open_file());
    }
    between_lines_ = bytes.ends_with('\n');
    while (!bytes.empty()) {
        const ssize_t written =
            write_ ? (*write_)(file_.get(), bytes) : ::write(file_.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return Error::from_errno("writing the log " + path_);
        size_ += static_cast<std::uint64_t>(written);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return done;
}

Status SessionLog::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::uint64_t room = size_ < limit_ ? limit_ - size_ : 0;
        if (bytes.size() <= room) {
            CHECK(write_all(bytes));
            break;
        }
        // The last line that fits whole ends this file. Where none fits, a line that is under way does; one
        // that is yet to begin goes into the next file.
        std::size_t end = room == 0 ? std::string_view::npos : bytes.rfind('\n', room - 1);
        if (end == std::string_view::npos && between_lines_ && size_ > 0) {
            CHECK(rotate());
            continue;
        }
        if (end == std::string_view::npos) end = bytes.find('\n', room);
        if (end == std::string_view::npos) {
            const std::uint64_t bound = limit_ + longest_overrun;
            const std::uint64_t left = size_ < bound ? bound - size_ : 0;
            if (bytes.size() <= left) {
                CHECK(write_all(bytes));
                break;
            }
            if (left == 0) {
                CHECK(rotate());
                continue;
            }
            end = left - 1;
        }
        CHECK(write_all(bytes.substr(0, end + 1)));
        bytes.remove_prefix(end + 1);
        CHECK(rotate());
    }
    return not_rotated_;
}

Status SessionLog::look_again() {
    struct stat now {};
    if (file_ && ::fstat(file_.get(), &now) == 0 && now.st_nlink > 0) {
        size_ = static_cast<std::uint64_t>(now.st_size);
        return done;
    }
    return open_file();
}

Status limit_logs(const std::filesystem::path& folder, std::uint64_t limit) {
    struct Old {
        std::filesystem::file_time_type at;
        std::uint64_t size;
        std::filesystem::path path;
    };
    std::vector<Old> old;
    std::uint64_t total = 0;
    std::error_code ec;
    for (std::filesystem::directory_iterator item(folder, ec), end; !ec && item != end; item.increment(ec)) {
        std::error_code gone;  // by somebody else, meanwhile
        if (!item->is_regular_file(gone) || item->is_symlink(gone)) continue;
        const std::uint64_t size = item->file_size(gone);
        if (gone) continue;
        total += size;
        const std::string name = item->path().filename().string();
        const auto at = name.rfind(".log.");
        if (at == std::string::npos || !is_number(std::string_view(name).substr(at + 5))) continue;
        old.push_back({item->last_write_time(gone), size, item->path()});
    }
    if (ec) return Error(ec, "reading " + folder.string());
    std::sort(old.begin(), old.end(), [](const Old& a, const Old& b) { return a.at < b.at; });
    for (const Old& file : old) {
        if (total <= limit) break;
        if (::unlink(file.path.c_str()) != 0 && errno != ENOENT)
            return Error::from_errno("removing " + file.path.string());
        total -= file.size;
    }
    return done;
}

namespace {

// Youngest first: a rotation meanwhile moves files to names that are yet to come, never to one that was
// passed. For a moment of it one name stands for nothing.
Result<std::vector<LogPiece>> open_once(const std::filesystem::path& path) {
    std::vector<LogPiece> pieces;
    for (int number = 0, missing = 0; missing < 2; ++number) {
        const std::filesystem::path name = number == 0 ? path : numbered(path, number);
        UniqueFd file(::open(name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (!file && errno == ENOENT) {
            ++missing;
            continue;
        }
        missing = 0;
        if (!file) return Error::from_errno("opening the log " + name.string());
        struct stat now {};
        if (::fstat(file.get(), &now) != 0) return Error::from_errno("reading " + name.string());
        if (!S_ISREG(now.st_mode)) {
            return Error(Errc::refused, "reading the log " + name.string(), "not a regular file",
                         "remove it");
        }
        const auto inode = static_cast<std::uint64_t>(now.st_ino);
        const bool seen = std::any_of(pieces.begin(), pieces.end(),
                                      [&](const LogPiece& piece) { return piece.inode == inode; });
        const std::int64_t written = written_at(file.get());
        if (!seen)
            pieces.push_back({std::move(file), inode, static_cast<std::uint64_t>(now.st_size), written});
    }
    return pieces;
}

}  // namespace

LogEnd end_of_log(const std::filesystem::path& path) {
    LogEnd end;
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat now {};
    if (!file || ::fstat(file.get(), &now) != 0) return end;
    end.at = {static_cast<std::uint64_t>(now.st_ino), static_cast<std::uint64_t>(now.st_size)};
    char last = '\n';
    if (now.st_size > 0 && ::pread(file.get(), &last, 1, now.st_size - 1) == 1)
        end.between_lines = last == '\n';
    return end;
}

Result<std::vector<LogPiece>> open_log_pieces(const std::filesystem::path& path) {
    constexpr int enough = 20;
    for (int round = 0;; ++round) {
        TRY(auto pieces, open_once(path));
        struct stat now {};
        const bool there = ::lstat(path.c_str(), &now) == 0;
        const bool same = there ? !pieces.empty() && pieces.front().inode == now.st_ino : pieces.empty();
        // Two rotations meanwhile could have brought a younger file to a name that was yet to come.
        if (same || round == enough) return pieces;
    }
}

}  // namespace reeve

// Files as a supervisor needs them: read without trust, replaced whole, locked by the kernel.
//
// Thread rule: any thread. replace_file and the lock functions block on the disk: not on the event loop.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace reeve {

inline constexpr std::size_t max_file_bytes = 16u * 1024 * 1024;

// The whole of a regular file. Never follows a link in the last component, never blocks on a FIFO, refuses
// directories and devices (Errc::refused), and files over `limit` (Errc::too_large).
Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit = max_file_bytes);
// The same for an open regular file, from its beginning, wherever its offset stands.
Result<std::string> read_fd(int fd, const std::string& what, std::size_t limit = max_file_bytes);
// At most the first `limit` bytes, of a file of any size: for showing it to a person.
Result<std::string> read_start(const std::filesystem::path& path, std::size_t limit);

// Writes `bytes` to a temporary file in the same directory, fsyncs it, renames it over `path` and fsyncs the
// directory: a reader sees the old file or the new one, also after a power cut. Mode 0600. The temporary name
// starts with ".tmp-" and the writer's pid, for people; the writer holds its flock as long as it lives, for
// remove_leftovers.
Status replace_file(const std::filesystem::path& path, std::string_view bytes);

// The same, except that a file which is there already is left alone: false then.
Result<bool> create_file(const std::filesystem::path& path, std::string_view bytes);

// Removes temporary files of writers that are no more: those whose lock the kernel has dropped. Files of live
// writers stay, so it may be called at any time, by anybody.
Status remove_leftovers(const std::filesystem::path& directory);

Status sync_directory(const std::filesystem::path& directory);

// When the folder of a file that got its name is synced: at once, or by sync_directory(), for many of them.
enum class Folder { now, later };

// A file held by flock(2), and known to still be the file of that name.
//
// The lock is the kernel's: it goes when the last descriptor of this open is closed, so also on kill -9.
// Opened O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK: never a link, never inherited across exec, never hanging on a
// FIFO.
class LockedFile {
  public:
    enum class Missing { create, leave };
    // Nothing: somebody else holds it, or it is not there (with Missing::leave). Errc::refused: not a regular
    // file. Never returns a lock on a file that was unlinked or replaced in between: the inode is compared
    // afterwards.
    static Result<std::optional<LockedFile>> try_lock(const std::filesystem::path& path, Missing missing);

    // One that the former program of this process had locked, and left open for us: Errc::held when the file
    // has lost its name since.
    static Result<LockedFile> take_over(const std::filesystem::path& path, UniqueFd fd);

    const std::filesystem::path& path() const { return path_; }
    // Whether `path` still names the file that we hold. False once somebody removed or replaced it.
    bool still_there() const;
    Result<std::string> read() const;
    // Replaces the content as replace_file does; the new file is locked before it gets the name, so the name
    // is at no moment unlocked. Errc::held when the name has gone to another file: that one is not touched.
    Status replace(std::string_view bytes, Folder folder = Folder::now);
    // Unlinks the file, if it still is ours, while the lock is held; then lets go. A second call does
    // nothing. The directory is not fsynced: a file that comes back after a power cut says nothing new.
    Status remove();
    int fd() const { return fd_.get(); }

  private:
    LockedFile(UniqueFd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
    UniqueFd fd_;
    std::filesystem::path path_;
};

}  // namespace reeve

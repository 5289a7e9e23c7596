// A file of this user that another program owns the meaning of: read, and replaced without touching anything
// else about it.
//
// Thread rule: any thread, one at a time for each object; everything blocks on the disk.
#pragma once

#include "reeve/base/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace reeve {

class UserFile {
  public:
    // Links are followed to the file itself, which is what is replaced later. Errc::not_found: there is none.
    // Errc::refused: not a regular file, another user's, or one with several names (hard links), which would
    // part. Errc::too_large over 16 MiB.
    static Result<UserFile> open(const std::filesystem::path& path);

    const std::filesystem::path& path() const { return path_; }  // links resolved
    const std::string& bytes() const { return bytes_; }
    mode_t mode() const { return mode_; }

    // Atomically and durably, with the mode it has. Errc::refused, and nothing done, when the file is not as
    // it was read any more: its program has written it meanwhile.
    Status replace(std::string_view bytes);

  private:
    std::filesystem::path path_;
    std::string bytes_;
    mode_t mode_ = 0;
};

// Replaces or makes a file as replace_file does, with this mode.
Status write_file_with_mode(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

}  // namespace reeve

// A file on its way to a name: written, locked and durable before anybody sees it.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace reeve {

inline constexpr std::string_view temporary_prefix = ".tmp-";

enum class Keep { always, until_power_fails };

class TemporaryFile {
  public:
    // Made beside `target` with `bytes` in it, and on the disk when that is to be. It is flocked from the
    // start: the lock tells everybody that its writer lives, and goes with the file when that takes its name.
    static Result<TemporaryFile> write(const std::filesystem::path& target, std::string_view bytes,
                                       mode_t mode = 0600, Keep keep = Keep::always);
    TemporaryFile(TemporaryFile&& other) noexcept;
    TemporaryFile& operator=(TemporaryFile&&) = delete;
    // Unlinked, unless it took the name.
    ~TemporaryFile();

    // Renames it over the target. The descriptor, still locked, is the caller's from then on.
    Result<UniqueFd> take_name();
    // Links it to the target: false when something of that name is there.
    Result<bool> take_free_name();
    // Unlinks it: it lasts as long as the descriptor.
    UniqueFd take_no_name();

  private:
    TemporaryFile(UniqueFd fd, std::filesystem::path path, std::filesystem::path target);
    UniqueFd fd_;
    std::filesystem::path path_;  // empty once there is nothing to unlink
    std::filesystem::path target_;
};

}  // namespace reeve

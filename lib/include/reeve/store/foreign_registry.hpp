// A directory of files that another program, not Reeve, writes about what it runs. Nothing in it is ours but
// to read, and to remove a file when all that it names was seen to be gone.
//
// Thread rule: any thread; everything blocks on the disk.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/model/foreign_record.hpp"
#include "reeve/os/files.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace reeve {

class ForeignRegistry {
  public:
    explicit ForeignRegistry(std::filesystem::path directory) : directory_(std::move(directory)) {}

    struct Entry {
        std::filesystem::path path;
        double written = 0;  // seconds since 1970
        Result<ForeignRecord> record;
    };
    // Every *.json, in the order of their names; an absent directory is an empty registry. A file is an error
    // when it cannot be read, or when another user could have written it: whoever writes it says whom we
    // kill.
    Result<std::vector<Entry>> list() const;

    // The right to reap what the entry names: the kernel's lock on its file. Nothing when somebody else has
    // it, or when the file is gone or has been written since.
    Result<std::optional<LockedFile>> claim(const Entry& entry) const;

  private:
    Result<Entry> read(const std::filesystem::path& path) const;
    std::filesystem::path directory_;
};

}  // namespace reeve

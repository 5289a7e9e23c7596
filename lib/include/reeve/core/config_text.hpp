// The text of the configuration in effect, for another program of this process. It may never be asked for, so
// a long one lies in a file without a name, whose pages the kernel may drop, and not in our memory.
//
// Thread rule: any thread, one at a time.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace reeve {

class ConfigText {
  public:
    // Nothing: there is no file. `directory` is where a long text lies; one that cannot lie there is kept in
    // memory.
    ConfigText(std::optional<std::string> text, const std::filesystem::path& directory);

    Result<std::optional<std::string>> read() const;

  private:
    std::optional<std::string> text_;
    UniqueFd file_;  // of a long one
};

}  // namespace reeve

// Files that are made anew at the next start, and so need not survive a power cut.
#pragma once

#include "reeve/base/result.hpp"
#include "reeve/base/unique_fd.hpp"

#include <filesystem>
#include <string_view>

namespace reeve {

// replace_file (files.hpp) without its fsyncs: a reader still sees the old file or the new one, but after a
// power cut perhaps neither. Thread rule: any thread.
Status replace_brief_file(const std::filesystem::path& path, std::string_view bytes);

// A file with `bytes` in it and without a name: it goes with its descriptor. Thread rule: any thread.
Result<UniqueFd> make_nameless_file(const std::filesystem::path& directory, std::string_view bytes);

}  // namespace reeve

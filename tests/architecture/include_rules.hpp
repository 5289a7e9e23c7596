// What a file of the project may include: its own layer and those before it, and other people's headers only
// where they are at home.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace reeve::test {

// The text between the brackets or quotes of an #include line, and which of the two it was.
struct Include {
    std::string name;
    bool quoted = false;
};
std::optional<Include> parse_include(std::string_view line);

// The layer of a file given relative to the project: "base" ... "core" below lib, "daemon", or nothing.
std::string layer_of(const std::filesystem::path& file);

// Where a quoted include leads, relative to the project; nothing when there is no such file. `file` is
// relative too.
std::optional<std::filesystem::path> resolve(const std::filesystem::path& file, std::string_view name);

// Why `file` may not include this, or nothing when it may.
std::optional<std::string> objection_to(const std::filesystem::path& file, const Include& include);

}  // namespace reeve::test

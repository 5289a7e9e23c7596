// The project's own sources, as lines of text, for the checks that read them.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace reeve::test {

inline const std::filesystem::path kSourceRoot = REEVE_SOURCE_DIR;

// C++ files below the given folders of the project, sorted, as paths relative to the project.
inline std::vector<std::filesystem::path> sources_below(std::initializer_list<std::string_view> folders) {
    std::vector<std::filesystem::path> found;
    for (const auto folder : folders) {
        if (!std::filesystem::exists(kSourceRoot / folder)) continue;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(kSourceRoot / folder)) {
            const auto extension = entry.path().extension();
            if (extension != ".cpp" && extension != ".hpp" && extension != ".h" && extension != ".cc")
                continue;
            found.push_back(entry.path().lexically_relative(kSourceRoot));
        }
    }
    std::sort(found.begin(), found.end());
    return found;
}

inline std::vector<std::string> lines_of(const std::filesystem::path& relative) {
    std::vector<std::string> lines;
    std::ifstream file(kSourceRoot / relative);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
}

}  // namespace reeve::test

// Changing JSON with comments where it stands: everything that is not changed keeps its bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// The bytes from `begin` up to `end` become `with`; begin == end is an insertion.
struct TextChange {
    std::size_t begin = 0, end = 0;
    std::string with;
};

// The changes must not overlap; their order does not matter.
std::string apply_changes(std::string_view text, std::vector<TextChange> changes);

// The first byte at or behind `at` that is neither white space nor part of a comment; text.size() when there
// is none.
std::size_t skip_blank(std::string_view text, std::size_t at);

// The same text with a blank for every comma that stands before a closing bracket. Editors accept these
// commas and our parser does not; every other byte keeps its offset.
std::string without_trailing_commas(std::string_view text);

}  // namespace reeve

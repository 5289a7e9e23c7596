// Text for people: what a terminal may be shown of bytes that nobody vouches for, and guesses at what a
// person meant.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// The same text with control characters as \n, \t or \xNN, and bytes that are not UTF-8 as \xNN: nothing in
// it can move a cursor, change a title or end a line.
std::string printable(std::string_view text);

// printable, cut to about `most` characters with "..." at the end when it was longer.
std::string shortened(std::string_view text, std::size_t most = 80);

// shortened, in double quotes: how a message names what it found. (Not "quoted": for a std::string that
// would also find std::quoted.)
std::string in_quotes(std::string_view text);

// "a, b, c"
std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

// The known word that was most likely meant: a few letters away, or one the beginning or end of the other.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& known);

// The length in bytes of the UTF-8 character at the start of `text`, or 0 when there is none.
std::size_t utf8_length(std::string_view text);

// Characters, not bytes: what a column counts.
std::size_t character_count(std::string_view text);

}  // namespace reeve

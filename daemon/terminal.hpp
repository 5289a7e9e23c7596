// What a person sees: errors in one form, tables, and colour where it is wanted.
#pragma once

#include "reeve/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace reeve {

// "reeve: what failed: why; what to do" on standard error.
void print_error(const Error& error);
void print_error(std::string_view message);
// "reeve: warning: message"
void print_warning(std::string_view message);

// Writes to standard output as it is.
void print(std::string_view text);
void print_line(std::string_view text);
// False when something of it could not be written (a full disk). Call it last.
bool finish_output();

// Only on a terminal, and not under NO_COLOR (any value but the empty one) or TERM=dumb.
bool wants_colour(int descriptor);

enum class Style { plain, bold, dim, good, warning, bad };
// The text in that style when standard output wants colour; as it is otherwise.
std::string styled(std::string_view text, Style style);

// Columns as wide as their widest cell, two blanks between. Cells are made printable: what a process calls
// itself cannot move the cursor.
class TextTable {
  public:
    struct Cell {
        std::string text;
        Style style = Style::plain;
    };
    explicit TextTable(std::vector<std::string> titles);
    void add(std::vector<Cell> row);
    bool empty() const { return rows_.size() <= 1; }
    std::string text() const;

  private:
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace reeve

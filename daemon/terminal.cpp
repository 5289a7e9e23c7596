#include "terminal.hpp"

#include "reeve/base/text.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace reeve {
namespace {

// One write for the whole line, so that lines of several processes on one terminal do not mix.
void print_to_stderr(const std::string& line) { std::fwrite(line.data(), 1, line.size(), stderr); }

const char* code_of(Style style) {
    switch (style) {
        case Style::plain:
            return "";
        case Style::bold:
            return "\033[1m";
        case Style::dim:
            return "\033[2m";
        case Style::good:
            return "\033[32m";
        case Style::warning:
            return "\033[33m";
        case Style::bad:
            return "\033[31m";
    }
    return "";
}

}  // namespace

void print_error(const Error& error) { print_error(error.message()); }

void print_error(std::string_view message) { print_to_stderr("reeve: " + printable(message) + "\n"); }

void print_warning(std::string_view message) { print_error("warning: " + std::string(message)); }

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_line(std::string_view text) {
    print(text);
    print("\n");
}

bool finish_output() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

bool wants_colour(int descriptor) {
    const char* refused = std::getenv("NO_COLOR");
    if (refused != nullptr && *refused != '\0') return false;
    const char* terminal = std::getenv("TERM");
    return terminal != nullptr && std::string_view(terminal) != "dumb" && ::isatty(descriptor) == 1;
}

std::string styled(std::string_view text, Style style) {
    static const bool colour = wants_colour(STDOUT_FILENO);
    if (!colour || style == Style::plain) return std::string(text);
    return code_of(style) + std::string(text) + "\033[0m";
}

TextTable::TextTable(std::vector<std::string> titles) {
    std::vector<Cell> row;
    for (std::string& title : titles) row.push_back({std::move(title), Style::bold});
    add(std::move(row));
}

void TextTable::add(std::vector<Cell> row) {
    for (Cell& cell : row) cell.text = printable(cell.text);
    rows_.push_back(std::move(row));
}

std::string TextTable::text() const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], character_count(row[i].text));
    }
    std::string result;
    for (const auto& row : rows_) {
        std::string blanks;  // owed before the next cell, so that no line ends in blanks
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (!row[i].text.empty()) {
                result += blanks + styled(row[i].text, row[i].style);
                blanks.clear();
            }
            blanks.append(widths[i] - character_count(row[i].text) + 2, ' ');
        }
        result += '\n';
    }
    return result;
}

}  // namespace reeve

#include "config_problems.hpp"

#include "reeve/base/text.hpp"

#include <algorithm>

namespace reeve {

void ProblemList::add(std::size_t offset, std::string pointer, std::string what, std::string fix) {
    if (full()) {
        ++left_out_;
        return;
    }
    found_.push_back({offset, {0, 0, std::move(pointer), std::move(what), std::move(fix)}});
}

std::vector<ConfigProblem> ProblemList::in_order_of(std::string_view text) {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Found& a, const Found& b) { return a.offset < b.offset; });
    std::vector<ConfigProblem> result;
    int line = 1;
    std::size_t line_start = 0;
    std::size_t at = 0;
    for (const Found& found : found_) {
        const std::size_t offset = std::min(found.offset, text.size());
        for (; at < offset; ++at) {
            if (text[at] != '\n') continue;
            ++line;
            line_start = at + 1;
        }
        ConfigProblem problem = found.problem;
        problem.line = line;
        problem.column = static_cast<int>(character_count(text.substr(line_start, offset - line_start))) + 1;
        result.push_back(std::move(problem));
    }
    if (left_out_ > 0) {
        result.push_back(
            {0, 0, "", std::to_string(left_out_) + " more problems are not shown", "mend these first"});
    }
    return result;
}

std::string pointer_step(std::string_view token) {
    std::string step = "/";
    for (const char c : token) {
        if (c == '~') {
            step += "~0";
        } else if (c == '/') {
            step += "~1";
        } else {
            step += c;
        }
    }
    return step;
}

std::string ConfigProblem::message(const std::string& file) const {
    std::string text = file + ": ";
    if (line > 0) text = file + ':' + std::to_string(line) + ':' + std::to_string(column) + ": ";
    if (!pointer.empty()) text += printable(pointer) + ": ";
    text += what;
    if (!fix.empty()) text += "; " + fix;
    return text;
}

}  // namespace reeve

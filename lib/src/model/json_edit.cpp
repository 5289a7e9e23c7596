#include "json_edit.hpp"

#include <algorithm>

namespace reeve {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// `at` is an opening quote; what follows the closing one.
std::size_t skip_string(std::string_view text, std::size_t at) {
    for (++at; at < text.size(); ++at) {
        if (text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            return at + 1;
        }
    }
    return text.size();
}

}  // namespace

std::string apply_changes(std::string_view text, std::vector<TextChange> changes) {
    std::sort(changes.begin(), changes.end(),
              [](const TextChange& a, const TextChange& b) { return a.begin < b.begin; });
    std::string result;
    std::size_t done = 0;
    for (const TextChange& change : changes) {
        result += text.substr(done, change.begin - done);
        result += change.with;
        done = change.end;
    }
    return result.append(text.substr(done));
}

std::size_t skip_blank(std::string_view text, std::size_t at) {
    while (at < text.size()) {
        const std::string_view rest = text.substr(at);
        if (is_space(rest.front())) {
            ++at;
        } else if (rest.starts_with("//")) {
            at = std::min(text.find('\n', at), text.size());
        } else if (rest.starts_with("/*")) {
            const std::size_t close = text.find("*/", at + 2);
            at = close == text.npos ? text.size() : close + 2;
        } else {
            break;
        }
    }
    return at;
}

std::string without_trailing_commas(std::string_view text) {
    std::string result(text);
    bool after_value = false;  // "[,]" stays wrong
    for (std::size_t at = skip_blank(text, 0); at < text.size(); at = skip_blank(text, at)) {
        if (text[at] == '"') {
            at = skip_string(text, at);
            after_value = true;
            continue;
        }
        if (text[at] == ',' && after_value) {
            const std::size_t next = skip_blank(text, at + 1);
            if (next < text.size() && (text[next] == '}' || text[next] == ']')) result[at] = ' ';
        }
        after_value = text[at] != ',' && text[at] != '[' && text[at] != '{' && text[at] != ':';
        ++at;
    }
    return result;
}

}  // namespace reeve

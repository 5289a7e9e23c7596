#include "architecture/co_await_rules.hpp"

#include <algorithm>
#include <cctype>
#include <regex>

namespace reeve::test {
namespace {

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Where the literal or comment at `from` ends; `from` itself when there is none.
std::size_t end_of_text(std::string_view code, std::size_t from) {
    const auto after = [&](std::string_view end, std::size_t begin) {
        const std::size_t found = code.find(end, begin);
        return found == code.npos ? code.size() : found + end.size();
    };
    if (code.substr(from, 2) == "//") return std::min(code.find('\n', from), code.size());
    if (code.substr(from, 2) == "/*") return after("*/", from + 2);
    if (code.substr(from, 2) == "R\"" && (from == 0 || !in_word(code[from - 1]))) {
        const std::size_t open = std::min(code.find('(', from), code.size());
        return after(")" + std::string(code.substr(from + 2, open - from - 2)) + "\"", open);
    }
    const char quote = code[from];
    // Between digits it parts thousands.
    if (quote != '"' && (quote != '\'' || (from > 0 && in_word(code[from - 1])))) return from;
    for (std::size_t at = from + 1; at < code.size(); ++at) {
        if (code[at] == '\\')
            ++at;
        else if (code[at] == quote)
            return at + 1;
    }
    return code.size();
}

// Where the bracket that is open at `from` is closed.
std::size_t closing(std::string_view code, std::size_t from) {
    int depth = 0;
    for (std::size_t at = from; at < code.size(); ++at) {
        if (code[at] == '(' || code[at] == '[' || code[at] == '{') ++depth;
        if ((code[at] == ')' || code[at] == ']' || code[at] == '}') && --depth < 0) return at;
    }
    return code.size();
}

std::string trimmed(std::string_view text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \n\t"), text.size());
    const std::size_t end = text.find_last_not_of(" \n\t");
    return end == text.npos ? "" : std::string(text.substr(begin, end + 1 - begin));
}

// What is before the await in its statement, without the labels and conditions that lead to the statement.
std::string without_leads(std::string head) {
    static const std::regex lead(
        "^(case [^:]*:|default:|else\\b|do\\b|(if|if constexpr|while|for|switch) \\()");
    std::smatch found;
    while (std::regex_search(head, found, lead)) {
        std::size_t end = static_cast<std::size_t>(found.length());
        if (found[2].matched) end = closing(head, end) + 1;
        if (end > head.size()) break;  // the await is in the condition
        head = trimmed(std::string_view(head).substr(end));
    }
    return head;
}

// `begin` is that of the statement, `at` that of the await.
std::string why_bad(std::string_view code, std::size_t begin, std::size_t at) {
    static const std::regex whole(
        "|co_return|\\(void\\)|CO_CHECK\\(|CO_TRY\\([\\w\\s:<>,&*]+,|"
        "[\\w\\s:<>,&*.\\[\\]\\->]*[\\w\\]]\\s*=");
    if (!std::regex_match(without_leads(trimmed(code.substr(begin, at - begin))), whole))
        return "is a condition, or only a part of an expression; name its result first";
    int depth = 0;
    for (std::size_t i = at; i < code.size(); ++i) {
        const char c = code[i];
        if (c == ';') return "";
        if (c == '{' || c == '[' || c == '}')
            return "braces or a lambda about it or under it; give them a name first";
        if (c == '?') return "?: under it; give its result a name first";
        if (c == '(') ++depth;
        if (c == ')') --depth;
        const bool apart = std::isspace(static_cast<unsigned char>(code[i - 1])) != 0;
        if (depth <= 0 && apart && std::string_view("+-*/%^&|<>=!").find(c) != std::string_view::npos)
            return "is only a part of an expression; name its result first";
    }
    return "has no end";
}

// The text with blanks in the place of comments and of what literals hold; newlines stay where they are.
std::string code_only(std::string_view text) {
    std::string code(text);
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::size_t end = end_of_text(text, at);
        for (; at < end; ++at) {
            if (code[at] != '\n') code[at] = ' ';
        }
    }
    return code;
}

}  // namespace

std::vector<Await> awaits_in(std::string_view text) {
    const std::string code = code_only(text);
    const std::string_view word = "co_await";
    std::vector<Await> found;
    std::vector<char> open;
    std::vector<std::size_t> begins = {0};  // of the statement, and of those that its braces interrupt
    std::size_t line = 1;
    for (std::size_t at = 0; at < code.size(); ++at) {
        const char c = code[at];
        if (c == '\n') ++line;
        if (c == '(' || c == '[' || c == '{') {
            open.push_back(c);
            if (c == '{') begins.push_back(at + 1);
        } else if ((c == ')' || c == ']' || c == '}') && !open.empty()) {
            if (open.back() == '{') begins.pop_back();
            open.pop_back();
        }
        const bool in_statement = open.empty() || open.back() == '{';
        if ((c == ';' || c == '}') && in_statement) begins.back() = at + 1;
        if (std::string_view(code).substr(at, word.size()) != word || in_word(code[at + word.size()]))
            continue;
        if (at > 0 && in_word(code[at - 1])) continue;
        found.push_back({line, why_bad(code, begins.back(), at)});
    }
    return found;
}

}  // namespace reeve::test

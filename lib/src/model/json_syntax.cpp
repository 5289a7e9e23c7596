#include "json_syntax.hpp"

#include "reeve/base/text.hpp"

#include <algorithm>
#include <string_view>

namespace reeve {
namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

SyntaxExplanation explain_syntax(const std::string& said, char first, SyntaxPlace place) {
    const bool wants_key = contains(said, "object key");
    const bool wants_value = contains(said, "parsing value");
    if (contains(said, "number overflow")) return {"the number is too large", "use a smaller one"};
    if (place == SyntaxPlace::nothing_yet && contains(said, "unexpected end of input"))
        return {"the text is empty", "write {} for a configuration without sessions"};
    if (contains(said, "unexpected end of input"))
        return {"the text ends in the middle", "close what is open, or restore what was cut off"};
    if (contains(said, "; expected end of input"))
        return {"text after the end", "a configuration is one object: remove what follows it"};
    if (place == SyntaxPlace::after_an_element &&
        ((wants_key && first == '}') || (wants_value && first == ']')))
        return {std::string("a comma before the closing ") + first, "remove the comma"};
    if (first == '\'') return {"text in single quotes", "use double quotes"};
    if (wants_key && contains(said, "invalid literal"))
        return {"a key without quotes", "put it in double quotes"};
    if (contains(said, "; expected '}'") || contains(said, "; expected ']'"))
        return {"no comma between this and what stands before it", "put a comma in between"};
    if (contains(said, "expected ':'")) return {"a key without a value", "write \"key\": value"};
    if (contains(said, "missing closing '*/'")) return {"a comment that does not end", "end it with */"};

    const std::size_t dash = said.find(" - ");
    std::string why = dash == said.npos ? said : said.substr(dash + 3);
    why = shortened(why.substr(0, why.find("; last read")), 160);
    std::replace(why.begin(), why.end(), ';', ',');  // ';' stands between a problem and its remedy
    return {"not valid JSON: " + why, "mend the text here"};
}

}  // namespace reeve

// Where a co_await may stand: as a whole statement, a whole initializer, all that a statement assigns, the
// whole operand of co_return, all that is thrown away by (void), or the whole argument of CO_TRY or CO_CHECK;
// and in the awaited expression there is no brace, no lambda and no ?:. In other shapes g++ 12 destroys
// temporaries twice or lays the coroutine's frame out wrongly, without a word. Some that it translates
// rightly are refused too: the rule is short, so that people can keep it in mind and text is enough to check
// it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reeve::test {

struct Await {
    std::size_t line = 0;  // from 1
    std::string why_bad;   // empty: it is good
};
// Every one of the text, but in comments and literals.
std::vector<Await> awaits_in(std::string_view text);

}  // namespace reeve::test

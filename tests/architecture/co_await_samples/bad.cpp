// Shapes that g++ 12 miscompiles, or that hide the suspension in an expression, or that text does not tell
// from those. Never built: the rule must refuse each line marked "bad", and no other, or it proves nothing
// about the real code.
#include "reeve/base/task.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reeve {
namespace {

struct Spec {
    std::string name;
    int count = 0;
};

Task<int> launch(Spec spec);
Task<int> launch_many(std::vector<std::string> names);
Task<int> launch_pair(std::array<std::string, 2> names);
Task<Spec> describe(int number);
Task<bool> has_work();
template <class Work>
Task<int> call(Work work);
int add(int left, int right);

Task<int> temporaries(std::shared_ptr<int> shared, bool quick) {
    const int aggregate = co_await launch(Spec{"a", 1});                            // bad
    const int names = co_await launch_many({"a", "b"});                             // bad
    const int spelled = co_await launch_many(std::vector<std::string>{"a", "b"});   // bad
    const int pair = co_await launch_pair(std::array<std::string, 2>{"a", "b"});    // bad
    const int lambda = co_await call([shared] { return *shared; });                 // bad
    const int moved = co_await call([mine = std::move(shared)] { return *mine; });  // bad
    const int chosen = quick ? co_await call([] { return 1; }) : 2;                 // bad
    const int below = co_await call(quick ? 1 : 2);                                 // bad
    const Spec braced{co_await describe(1)};                                        // bad
    const int nested = add(co_await call(1), 2);                                    // bad
    int sum = 1 + co_await call(2);                                                 // bad
    const int first = co_await call(2) + 1;                                         // bad
    sum += co_await call(2);                                                        // bad
    const bool same = sum == co_await call(2);                                      // bad
    const int plain = co_await call([] { return 1; });                              // bad
    const int both = (sum = co_await call(3));                                      // bad
    const std::string member = (co_await describe(4)).name;                         // bad
    const auto whole = std::optional<Spec>(co_await describe(6));                   // bad
    co_return aggregate + names + spelled + pair + lambda + moved + chosen + below + nested + sum + both +
        first + same + plain + braced.count + static_cast<int>(member.size()) +
        static_cast<int>(whole->name.size());
}

Task<Spec> returned() { co_return Spec{co_await describe(1)}; }         // bad
Task<int> returned_sum() { co_return 1 + co_await call(1); }            // bad
Task<int> returned_literal() { co_return co_await launch(Spec{"b"}); }  // bad

Task<void> conditions() {
    if (co_await has_work()) co_return;                          // bad
    while (co_await has_work()) co_return;                       // bad
    if (!co_await has_work()) co_return;                         // bad
    for (; co_await has_work();) co_return;                      // bad
    if (co_await has_work() && co_await has_work()) co_return;   // bad
    if (const bool more = co_await has_work()) co_return;        // bad
    if (const bool more = co_await has_work(); more) co_return;  // bad
    switch (co_await call(1)) {                                  // bad
        default:
            break;
    }
    for (const char letter : (co_await describe(1)).name) add(letter, 1);  // bad
    do {
    } while (co_await has_work());  // bad
}

template <class T>
Task<T> in_a_template(T value) {
    const T sum = value + co_await call(value);  // bad
    if (co_await call(value)) co_return sum;     // bad
    co_return co_await call(T{value});           // bad
}

}  // namespace
}  // namespace reeve

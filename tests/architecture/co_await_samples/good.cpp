// Shapes that every compiler translates rightly. Never built: the rule must be silent here, or nobody could
// write anything.
#include "reeve/base/timeout.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace reeve {
namespace {

struct Spec {
    std::string name;
    int count = 0;
};

Task<Result<int>> launch(Spec spec);
Task<Spec> describe(int number);
Task<std::pair<int, int>> two(std::string name);
Task<bool> has_work();
Task<void> rest();
template <class Work>
Task<int> call(Work work);
int add(int left, int right);

Task<Status> whole(Spec spec, bool quick) {
    const auto launched = co_await launch(spec);
    if (!launched) co_return launched.error();
    CO_TRY(const int pid, co_await launch(std::move(spec)));
    CO_CHECK(co_await launch(Spec(spec)));
    auto [left, right] = co_await two(std::string("name") + std::to_string(pid));
    co_await rest();
    if (quick) co_await rest();
    Spec last;
    last = co_await describe(left);
    left = co_await call(add);
    const bool more = co_await has_work();
    while (more) {
        const Spec next = co_await describe(left);
        right += next.count;
        const bool again = co_await has_work();
        if (!again) break;
    }
    do co_await rest();
    while (right < left);
    for (int i = 0; i < right; ++i) co_await rest();
    switch (left) {
        case 1:
            co_await rest();
            break;
        default:
            co_await rest();
    }
    const auto work = [left = left] { return left; };
    const int called = co_await call(work);
    const auto plain = [] { return 1; };
    const Spec given = {"literal", called + plain()};
    (void)co_await describe(given.count);
    const auto limited = co_await within(std::chrono::seconds(1), launch(given));
    if (limited) co_return done;
    co_return Error(Errc::not_found, "waiting");
}

Task<Result<int>> forwarded(Spec spec) { co_return co_await launch(spec); }

template <class T>
Task<T> in_a_template(T value) {
    const T doubled = co_await call(value);
    co_return co_await call(doubled);
}

}  // namespace
}  // namespace reeve

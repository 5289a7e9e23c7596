// A value or the Error that stands in its place.
//
// Default-constructed it holds an error, never a value: boost::asio::co_spawn and the awaitable operators of
// Boost 1.81 default-construct their results, and "nothing was set" must not read as success.
#pragma once

#include "reeve/base/error.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace reeve {

template <class T>
class [[nodiscard]] Result {
  public:
    Result() = default;
    Result(T value) : state_(std::in_place_index<1>, std::move(value)) {}      // NOLINT: implicit on purpose
    Result(Error error) : state_(std::in_place_index<0>, std::move(error)) {}  // NOLINT: implicit on purpose

    explicit operator bool() const { return state_.index() == 1; }
    bool ok() const { return state_.index() == 1; }
    T& value() & { return std::get<1>(state_); }
    const T& value() const& { return std::get<1>(state_); }
    T&& value() && { return std::get<1>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Error& error() const { return std::get<0>(state_); }

  private:
    std::variant<Error, T> state_;
};

struct Done {
    bool operator==(const Done&) const = default;
};
inline constexpr Done done{};
using Status = Result<Done>;

}  // namespace reeve

#define REEVE_CONCAT_(a, b) a##b
#define REEVE_CONCAT(a, b) REEVE_CONCAT_(a, b)
#define REEVE_TRY_(tmp, ret, decl, ...) \
    auto tmp = __VA_ARGS__;             \
    if (!tmp.ok()) ret tmp.error();     \
    decl = std::move(tmp).value()
#define REEVE_CHECK_(tmp, ret, ...) \
    auto tmp = __VA_ARGS__;         \
    if (!tmp.ok()) ret tmp.error()

// TRY(const T x, expr): declares x from a Result, or returns its error. CHECK(expr): the same without a
// value. They are statements, not expressions: the statement-expression form is an internal compiler error of
// g++ 12 inside coroutines. CO_ forms are for coroutines; what follows co_await must obey the rule in
// task.hpp.
#define TRY(decl, ...) REEVE_TRY_(REEVE_CONCAT(try_, __COUNTER__), return, decl, __VA_ARGS__)
#define CO_TRY(decl, ...) REEVE_TRY_(REEVE_CONCAT(try_, __COUNTER__), co_return, decl, __VA_ARGS__)
#define CHECK(...) REEVE_CHECK_(REEVE_CONCAT(try_, __COUNTER__), return, __VA_ARGS__)
#define CO_CHECK(...) REEVE_CHECK_(REEVE_CONCAT(try_, __COUNTER__), co_return, __VA_ARGS__)

// Coroutines: the few names of Boost.Asio that the rest of Reeve speaks.
//
// Rule for every co_await in this project: it is the whole initializer, the whole statement, or the whole
// operand of co_return; everything it needs has a name first. g++ 12 silently miscompiles other shapes
// (braced temporaries, capturing lambdas, ?: and conditions around co_await). tests/architecture checks it.
//
// Coroutines take parameters by value, or references to what their caller awaits for. One thread runs events.
#pragma once

#include "reeve/base/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace reeve {

namespace asio = boost::asio;

template <class T>
using Task = asio::awaitable<T>;
using Executor = asio::any_io_executor;

// Completion token of leaf operations: I/O errors come back as values, never as exceptions.
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

}  // namespace reeve

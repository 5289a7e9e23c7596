// Whether a coroutine is wanted no more.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/this_coro.hpp>

namespace reeve {

// Of the calling coroutine, which has said throw_if_cancelled(false). Asked around every wait of a loop: a
// cancellation that arrives when the awaited operation has completed already, but its coroutine has not gone
// on yet, cancels nothing, and the next wait would know nothing of it.
inline Task<bool> is_cancelled() {
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

}  // namespace reeve

// What belongs to a loop, once, and ends with it: a service of Asio's.
#pragma once

#include "reeve/base/task.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/io_context.hpp>

#include <stdexcept>

namespace reeve {

// Made at the first call. `executor` must be that of an io_context.
template <class Service>
Service& service_of(const Executor& executor) {
    const auto* const loop = executor.target<asio::io_context::executor_type>();
    if (loop == nullptr) throw std::invalid_argument("the executor is not that of an io_context");
    return asio::use_service<Service>(asio::query(*loop, asio::execution::context));
}

}  // namespace reeve

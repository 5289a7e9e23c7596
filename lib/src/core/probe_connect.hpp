// Connecting to what a probe looks at.
#pragma once

#include "reeve/base/task.hpp"
#include "reeve/model/address.hpp"

#include <boost/beast/core/tcp_stream.hpp>

#include <chrono>

namespace reeve {

// Sets the deadline of `stream`, which then holds for what is read and written too.
Task<Status> connect_to(boost::beast::tcp_stream& stream, TcpAddress address,
                        std::chrono::milliseconds limit);

// "no answer within 5s", or what the system says.
Error probe_failed(const boost::system::error_code& code, const std::string& doing,
                   std::chrono::milliseconds limit);

}  // namespace reeve

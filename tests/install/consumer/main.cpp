// Uses one thing of the model and one that needs the event loop inside the library; ends with 0 when both
// work.
#include "reeve/base/timeout.hpp"
#include "reeve/model/ids.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>

namespace {

reeve::Task<int> answer() { co_return 42; }

reeve::Task<bool> answer_in_time() {
    const auto limit = std::chrono::seconds(10);
    const auto given = co_await reeve::within(limit, answer());
    co_return given == 42;
}

}  // namespace

int main() {
    if (!reeve::is_session_name("api") || reeve::is_session_name("../api")) return 1;
    boost::asio::io_context loop;
    bool answered = false;
    boost::asio::co_spawn(loop, answer_in_time(), [&](const std::exception_ptr& failure, bool value) {
        answered = !failure && value;
    });
    loop.run();
    return answered ? 0 : 1;
}

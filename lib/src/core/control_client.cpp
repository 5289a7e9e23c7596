#include "model/json_text.hpp"
#include "reeve/base/timeout.hpp"
#include "reeve/core/control.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>

namespace reeve {
namespace {

constexpr std::size_t max_reply = max_json_bytes;

Error unreachable(const boost::system::error_code& ec) {
    return {Errc::unreachable, "asking the supervisor", ec.message(), "start it with: reeve run"};
}

Task<Result<std::string>> converse(std::filesystem::path path, std::string line) {
    const Executor executor = co_await asio::this_coro::executor;
    asio::local::stream_protocol::socket socket(executor);
    const asio::local::stream_protocol::endpoint where(path.string());
    const auto [refused] = co_await socket.async_connect(where, as_result);
    if (refused) co_return unreachable(refused);
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    const auto [unsent, sent] = co_await asio::async_write(socket, asio::buffer(line), as_result);
    (void)sent;
    if (unsent) co_return unreachable(unsent);
    std::string reply;
    auto space = asio::dynamic_buffer(reply, max_reply);
    const auto [unread, length] = co_await asio::async_read_until(socket, space, '\n', as_result);
    if (unread) {
        co_return Error(Errc::unreachable, "asking the supervisor", "it ended before it answered",
                        "see: reeve status");
    }
    reply.resize(length);
    co_return reply;
}

Errc code_of(const Json& error) {
    const Json* data = object_field(error, "data");
    const std::string kind = data != nullptr ? string_field(*data, "kind").value_or("") : "";
    if (kind == "not_found") return Errc::not_found;
    if (kind == "bad_config") return Errc::bad_config;
    return Errc::failed;
}

// What our own server writes (result_reply). Who asked reads the result anyway, which may be long: it is not
// read twice before.
std::optional<std::string> result_of_ours(std::string_view reply) {
    constexpr std::string_view before = R"({"jsonrpc":"2.0","result":)";
    constexpr std::string_view after = R"(,"id":1})";
    while (reply.ends_with('\n')) reply.remove_suffix(1);
    if (!reply.starts_with(before) || !reply.ends_with(after)) return std::nullopt;
    reply.remove_prefix(before.size());
    reply.remove_suffix(after.size());
    return std::string(reply);
}

}  // namespace

Task<Result<std::string>> control_call(std::filesystem::path path, std::string method, std::string params,
                                       std::chrono::milliseconds limit) {
    std::string line =
        R"({"jsonrpc":"2.0","id":1,"method":)" + dump_json(Json(method)) + R"(,"params":)" + params + "}\n";
    auto talk = converse(std::move(path), std::move(line));
    const auto reply = co_await within(limit, std::move(talk));
    if (!reply) {
        co_return Error(Errc::timed_out, "asking the supervisor", "no answer within the limit",
                        "see: reeve status");
    }
    if (!reply->ok()) co_return reply->error();
    if (auto result = result_of_ours(**reply)) co_return std::move(*result);
    CO_TRY(const Json answer, parse_json(**reply, "the supervisor's answer"));
    if (const Json* error = object_field(answer, "error")) {
        // The message is whole already: what failed, why, what to do.
        const std::string message = string_field(*error, "message").value_or("it failed without a word");
        const auto colon = message.find(": ");
        if (colon == std::string::npos) co_return Error(code_of(*error), method, message);
        co_return Error(code_of(*error), message.substr(0, colon), message.substr(colon + 2));
    }
    if (!answer.is_object() || !answer.contains("result")) {
        co_return Error(Errc::invalid_data, "asking the supervisor", "its answer has no result");
    }
    co_return dump_json(answer.at("result"));
}

}  // namespace reeve

#include "model/json_text.hpp"
#include "reeve/core/control.hpp"
#include "reeve/os/peer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

namespace reeve {
namespace {

constexpr std::size_t max_line = std::size_t{1} * 1024 * 1024;
constexpr std::size_t max_connections = 256;

// Codes of JSON-RPC 2.0, section 5.1; -32000 and below are ours.
constexpr int parse_error = -32700;
constexpr int invalid_request = -32600;
constexpr int method_not_found = -32601;
constexpr int failed = -32000;

std::string error_reply(const Json& id, int code, const std::string& message, const std::string& kind = {}) {
    OrderedJson error{{"code", code}, {"message", message}};
    if (!kind.empty()) error["data"] = {{"kind", kind}};
    return dump_json(OrderedJson{{"jsonrpc", "2.0"}, {"error", error}, {"id", id}});
}

const char* kind_of(const Error& error) {
    if (error.code() == Errc::not_found) return "not_found";
    if (error.code() == Errc::bad_config) return "bad_config";
    if (error.code() == Errc::unreachable) return "unreachable";
    return "failed";
}

}  // namespace

ControlServer::ControlServer(Executor executor, std::filesystem::path path, ControlVerbs verbs)
    : path_(std::move(path)),
      verbs_(std::move(verbs)),
      acceptor_(executor),
      connections_(executor,
                   [](const std::string&) { /* a broken conversation ends; nobody else is touched */ }) {}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(Executor executor,
                                                             const std::filesystem::path& path,
                                                             ControlVerbs verbs) {
    const std::string doing = "listening on " + path.string();
    std::unique_ptr<ControlServer> server(new ControlServer(executor, path, std::move(verbs)));
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Error::from_errno(doing);
    boost::system::error_code ec;
    auto& acceptor = server->acceptor_;
    acceptor.open(asio::local::stream_protocol(), ec);
    if (!ec && ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC) != 0) return Error::from_errno(doing);
    const mode_t before = ::umask(0177);  // the socket is ours alone from the moment it has a name
    if (!ec) acceptor.bind(asio::local::stream_protocol::endpoint(path.string()), ec);
    ::umask(before);
    if (!ec) acceptor.listen(128, ec);
    if (!ec && ::lstat(path.c_str(), &server->named_) != 0) return Error::from_errno(doing);
    if (ec) return Error(std::error_code(ec.value(), std::system_category()), doing);
    return server;
}

void ControlServer::close() {
    if (closing_) return;
    closing_ = true;
    // Whoever has taken the store from us has a socket of its own under this name. While ours is open its
    // inode cannot be given to another.
    struct stat now {};
    const bool still_ours =
        ::lstat(path_.c_str(), &now) == 0 && now.st_dev == named_.st_dev && now.st_ino == named_.st_ino;
    if (still_ours) ::unlink(path_.c_str());
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    connections_.cancel();
}

Task<void> ControlServer::serve() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (!closing_) {
        auto [ec, accepted] = co_await acceptor_.async_accept(as_result);
        if (closing_) break;
        if (ec) {
            // Out of descriptors, or the caller has gone again. A short pause instead of a busy loop.
            asio::steady_timer pause(acceptor_.get_executor(), std::chrono::milliseconds(100));
            const auto [waited] = co_await pause.async_wait(as_result);
            if (waited) break;
            continue;
        }
        ::fcntl(accepted.native_handle(), F_SETFD, FD_CLOEXEC);
        const auto user = peer_user(accepted.native_handle());
        const bool welcome =
            user.ok() && (*user == ::geteuid() || *user == 0) && connections_.size() < max_connections;
        if (!welcome) continue;
        auto socket = std::make_shared<Socket>(std::move(accepted));
        connections_.spawn(converse(std::move(socket)));
    }
}

Task<void> ControlServer::converse(std::shared_ptr<Socket> socket) {
    co_await asio::this_coro::throw_if_cancelled(false);
    std::string buffer;
    for (;;) {
        auto space = asio::dynamic_buffer(buffer, max_line);
        const auto [ec, length] = co_await asio::async_read_until(*socket, space, '\n', as_result);
        if (ec) co_return;  // gone, cancelled, or a line longer than we take
        std::string line = buffer.substr(0, length - 1);
        buffer.erase(0, length);
        std::string reply = co_await answer(std::move(line));
        if (reply.empty()) continue;
        reply += '\n';
        const auto [failed_to_send, sent] =
            co_await asio::async_write(*socket, asio::buffer(reply), as_result);
        (void)sent;
        if (failed_to_send) co_return;
    }
}

Task<std::string> ControlServer::answer(std::string line) {
    const auto request = parse_json(line, "the request");
    if (!request.ok()) co_return error_reply(nullptr, parse_error, request.error().why());
    if (!request->is_object()) co_return error_reply(nullptr, invalid_request, "a request is a JSON object");
    const Json id = request->contains("id") ? request->at("id") : Json();
    const bool notification = !request->contains("id");
    const auto version = string_field(*request, "jsonrpc");
    const auto method = string_field(*request, "method");
    if (version != "2.0" || !method)
        co_return error_reply(id, invalid_request, R"("jsonrpc": "2.0" and "method" are required)");
    const auto verb = verbs_.find(*method);
    if (verb == verbs_.end()) co_return error_reply(id, method_not_found, "there is no method " + *method);
    std::string params = request->contains("params") ? dump_json(request->at("params")) : "{}";
    const auto result = co_await verb->second(std::move(params));
    if (notification) co_return std::string();
    if (!result.ok()) co_return error_reply(id, failed, result.error().message(), kind_of(result.error()));
    // The result is a JSON text already: putting it in as it is saves parsing it again.
    std::string one_line = *result;
    while (!one_line.empty() && one_line.back() == '\n') one_line.pop_back();
    const auto parsed = parse_json(one_line, "the result");
    if (parsed.ok() && one_line.find('\n') != std::string::npos) one_line = dump_json(*parsed);
    co_return R"({"jsonrpc":"2.0","result":)" + one_line + R"(,"id":)" + dump_json(id) + "}";
}

}  // namespace reeve

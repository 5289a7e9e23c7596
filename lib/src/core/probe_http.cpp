#include "core/probe_connect.hpp"
#include "reeve/core/probe.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace reeve {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

// The header says the status; of the body not a byte is read.
constexpr std::uint32_t longest_header = 16 * 1024;

class HttpProbe final : public Probe {
  public:
    explicit HttpProbe(HttpAddress address) : address_(std::move(address)) {}

    Task<Status> look(std::chrono::milliseconds limit) override {
        const std::string doing = "asking http://" + address_.host_header + address_.target;
        const Executor executor = co_await asio::this_coro::executor;
        beast::tcp_stream stream(executor);
        CO_CHECK(co_await connect_to(stream, address_.server, limit));

        http::request<http::empty_body> request(http::verb::get, address_.target, 11);
        request.set(http::field::host, address_.host_header);
        request.set(http::field::user_agent, "reeve");
        request.set(http::field::accept, "*/*");
        request.set(http::field::connection, "close");
        const auto [write_failed, written] = co_await http::async_write(stream, request, as_result);
        if (write_failed) co_return probe_failed(write_failed, doing, limit);

        beast::flat_buffer buffer(2 * longest_header);
        http::response_parser<http::empty_body> parser;
        parser.header_limit(longest_header);
        const auto [read_failed, size] = co_await http::async_read_header(stream, buffer, parser, as_result);
        if (read_failed) co_return probe_failed(read_failed, doing, limit);
        const unsigned status = parser.get().result_int();
        if (status >= 200 && status < 400) co_return done;
        co_return Error(Errc::failed, doing, "answered with status " + std::to_string(status));
    }

  private:
    HttpAddress address_;
};

}  // namespace

std::unique_ptr<Probe> make_http_probe(HttpAddress address) {
    return std::make_unique<HttpProbe>(std::move(address));
}

}  // namespace reeve

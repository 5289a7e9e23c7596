#include "core/probe_connect.hpp"

#include "reeve/base/time_text.hpp"
#include "reeve/base/timeout.hpp"
#include "reeve/core/probe.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>

#include <vector>

namespace reeve {
namespace {

using asio::ip::tcp;
using Endpoints = std::vector<tcp::endpoint>;

// Numbers and localhost need nobody's help. Everything else is asked of the system's resolver, which Asio
// runs on a thread of its own.
Task<Result<Endpoints>> resolve(TcpAddress address) {
    const auto port = static_cast<unsigned short>(std::stoul(address.port));
    if (address.host == "localhost") {
        co_return Endpoints{{asio::ip::address_v4::loopback(), port},
                            {asio::ip::address_v6::loopback(), port}};
    }
    boost::system::error_code not_a_number;
    const auto number = asio::ip::make_address(address.host, not_a_number);
    if (!not_a_number) co_return Endpoints(1, tcp::endpoint(number, port));
    const Executor executor = co_await asio::this_coro::executor;
    tcp::resolver resolver(executor);
    const auto [ec, found] = co_await resolver.async_resolve(address.host, address.port, as_result);
    if (ec) co_return Error(Errc::unreachable, "looking up " + address.host, ec.message());
    Endpoints endpoints;
    for (const auto& each : found) endpoints.push_back(each.endpoint());
    co_return endpoints;
}

}  // namespace

Error probe_failed(const boost::system::error_code& code, const std::string& doing,
                   std::chrono::milliseconds limit) {
    if (code == boost::beast::error::timeout)
        return {Errc::timed_out, doing, "no answer within " + format_duration(limit)};
    return {Errc::unreachable, doing, code.message()};
}

Task<Status> connect_to(boost::beast::tcp_stream& stream, TcpAddress address,
                        std::chrono::milliseconds limit) {
    const std::string doing = "connecting to " + address.host + ":" + address.port;
    stream.expires_after(limit);
    Task<Result<Endpoints>> looking_up = resolve(address);
    const auto endpoints = co_await within(limit, std::move(looking_up));
    if (!endpoints) co_return Error(Errc::timed_out, doing, "its name was not found in time");
    if (!endpoints->ok()) co_return endpoints->error();
    const auto [ec, endpoint] = co_await stream.async_connect(**endpoints, as_result);
    if (ec) co_return probe_failed(ec, doing, limit);
    co_return done;
}

std::unique_ptr<Probe> make_network_probe(const ProbeTarget& target) {
    if (const auto http = target.http.empty() ? std::nullopt : parse_http_address(target.http))
        return make_http_probe(*http);
    if (const auto tcp = target.tcp.empty() ? std::nullopt : parse_tcp_address(target.tcp))
        return make_tcp_probe(*tcp);
    return nullptr;
}

}  // namespace reeve

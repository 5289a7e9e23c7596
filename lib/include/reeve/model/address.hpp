// Addresses that probes look at. Pure: nothing is resolved here.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reeve {

struct TcpAddress {
    std::string host;  // a name or a number; of IPv6 without the brackets
    std::string port;  // 1 to 65535
    bool operator==(const TcpAddress&) const = default;
};

struct HttpAddress {
    TcpAddress server;
    std::string host_header;  // as written: "127.0.0.1:8000"
    std::string target;       // path and query; at least "/"
    bool operator==(const HttpAddress&) const = default;
};

// "127.0.0.1:5432", "localhost:80", "[::1]:80". Nothing when it is no such address.
std::optional<TcpAddress> parse_tcp_address(std::string_view text);
// "http://HOST[:PORT][/PATH][?QUERY]"; no user, no fragment, and no https, which needs certificates: a probe
// can run curl.
std::optional<HttpAddress> parse_http_address(std::string_view text);

}  // namespace reeve

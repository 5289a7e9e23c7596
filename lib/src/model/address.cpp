#include "reeve/model/address.hpp"

#include <algorithm>

namespace reeve {
namespace {

bool is_port(std::string_view text) {
    if (text.empty() || text.size() > 5 || text.front() == '0') return false;
    int number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        number = number * 10 + (c - '0');
    }
    return number <= 65535;
}

// The characters of names and numbers; what is wrong beyond that the resolver says.
bool is_host(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
               c == '-' || c == '_';
    });
}

bool is_ipv6(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
               c == '.';
    });
}

}  // namespace

std::optional<TcpAddress> parse_tcp_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == text.npos || !is_port(text.substr(colon + 1))) return std::nullopt;
    const std::string_view host = text.substr(0, colon);
    TcpAddress address{std::string(host), std::string(text.substr(colon + 1))};
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
        address.host = host.substr(1, host.size() - 2);
        return is_ipv6(address.host) ? std::optional(address) : std::nullopt;
    }
    return is_host(host) ? std::optional(address) : std::nullopt;
}

std::optional<HttpAddress> parse_http_address(std::string_view text) {
    constexpr std::string_view scheme = "http://";
    if (!text.starts_with(scheme)) return std::nullopt;
    text.remove_prefix(scheme.size());
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    HttpAddress address;
    address.host_header = text.substr(0, end);
    address.target = text.substr(end);
    if (!address.target.starts_with('/')) address.target.insert(0, "/");
    // Nothing that could end the line of the request.
    const bool printable = std::all_of(address.target.begin(), address.target.end(),
                                       [](char c) { return c > ' ' && c < 0x7f && c != '#'; });
    if (!printable) return std::nullopt;
    auto server = parse_tcp_address(address.host_header);
    if (!server) server = parse_tcp_address(address.host_header + ":80");
    if (!server) return std::nullopt;
    address.server = *server;
    return address;
}

}  // namespace reeve

// One line of JSON-RPC 2.0 as a request, and the lines that answer it. Pure.
#pragma once

#include "model/json_text.hpp"

#include <string>
#include <variant>

namespace reeve {

// Codes of JSON-RPC 2.0, section 5.1; -32000 and below are ours.
namespace rpc {
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int failed = -32000;
inline constexpr int busy = -32001;
}  // namespace rpc

struct ControlRequest {
    Json id;                    // text, number or null
    bool notification = false;  // without "id": done and not answered
    std::string method;
    std::string params = "{}";  // always an object
};

// The request, or the line that refuses it.
std::variant<ControlRequest, std::string> read_request(const std::string& line);

std::string error_reply(const Json& id, int code, const std::string& message, const std::string& kind = {});
std::string error_reply(const Json& id, const Error& error);
// `result` is a JSON text.
std::string result_reply(const Json& id, const std::string& result);

}  // namespace reeve

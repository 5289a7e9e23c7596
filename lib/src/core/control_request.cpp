#include "core/control_request.hpp"

namespace reeve {
namespace {

const char* kind_of(const Error& error) {
    if (error.code() == Errc::not_found) return "not_found";
    if (error.code() == Errc::bad_config) return "bad_config";
    if (error.code() == Errc::unreachable) return "unreachable";
    if (error.code() == Errc::invalid_data) return "bad_request";
    return "failed";
}

// A line break can only stand between the parts of a JSON text, never inside a string: what is taken out is
// the indentation.
std::string on_one_line(const std::string& json) {
    if (json.find('\n') == std::string::npos) return json;
    std::string line;
    line.reserve(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] != '\n') {
            line += json[i];
            continue;
        }
        while (i + 1 < json.size() && json[i + 1] == ' ') ++i;
    }
    return line;
}

}  // namespace

std::string error_reply(const Json& id, int code, const std::string& message, const std::string& kind) {
    OrderedJson error{{"code", code}, {"message", message}};
    if (!kind.empty()) error["data"] = {{"kind", kind}};
    return dump_json(OrderedJson{{"jsonrpc", "2.0"}, {"error", error}, {"id", id}});
}

std::string error_reply(const Json& id, const Error& error) {
    const int code = error.code() == Errc::invalid_data ? rpc::invalid_params : rpc::failed;
    return error_reply(id, code, error.message(), kind_of(error));
}

std::string result_reply(const Json& id, const std::string& result) {
    return R"({"jsonrpc":"2.0","result":)" + on_one_line(result) + R"(,"id":)" + dump_json(id) + "}";
}

std::variant<ControlRequest, std::string> read_request(const std::string& line) {
    const auto parsed = parse_json(line, "the request");
    if (!parsed.ok()) return error_reply(nullptr, rpc::parse_error, parsed.error().why());
    if (!parsed->is_object()) {
        return error_reply(
            nullptr, rpc::invalid_request,
            parsed->is_array() ? "batches are not taken; send one object a line" : "a request is an object");
    }
    ControlRequest request;
    request.notification = !parsed->contains("id");
    if (!request.notification) request.id = parsed->at("id");
    if (!request.id.is_null() && !request.id.is_string() && !request.id.is_number()) {
        return error_reply(nullptr, rpc::invalid_request, "\"id\" is a text or a number");
    }
    const auto method = string_field(*parsed, "method");
    if (string_field(*parsed, "jsonrpc") != "2.0" || !method) {
        return error_reply(request.id, rpc::invalid_request, R"("jsonrpc": "2.0" and "method" are required)");
    }
    request.method = *method;
    if (const auto params = parsed->find("params"); params != parsed->end()) {
        if (!params->is_object()) {
            return error_reply(request.id, rpc::invalid_params, "\"params\" is an object");
        }
        request.params = dump_json(*params);
    }
    return request;
}

}  // namespace reeve

// A client of the control socket that may behave as badly as it likes.
#pragma once

#include "reeve/base/unique_fd.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace reeve::test {

class RawClient {
  public:
    explicit RawClient(const std::string& path);

    // As much as the socket takes within the limit; how much that was. -1: the other side has cut us off.
    long send(const std::string& bytes, std::chrono::milliseconds limit = std::chrono::seconds(10));
    void send_request(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
    // The next line; nothing when there is none within the limit, or no more.
    std::optional<std::string> line(std::chrono::milliseconds limit = std::chrono::seconds(20));
    // The next line as JSON; null when there is none.
    nlohmann::json answer(std::chrono::milliseconds limit = std::chrono::seconds(20));
    // One request, and the answer to it.
    nlohmann::json call(const std::string& method, const nlohmann::json& params = nlohmann::json::object());
    // The next event of this kind for which `fits` says yes; null when none comes.
    template <class Fits>
    nlohmann::json event(const std::string& kind, Fits fits) {
        for (auto next = answer(); !next.is_null(); next = answer()) {
            const auto& params = next["params"];
            if (params.is_object() && params["event"] == kind && fits(params)) return params;
        }
        return {};
    }
    // Whether the other side ends the connection within the limit. What comes before is read and lost.
    bool cut_off(std::chrono::milliseconds limit = std::chrono::seconds(20));
    void no_more_lines();  // our side only: answers may still come
    void close() { fd_.reset(); }
    int fd() const { return fd_.get(); }

  private:
    // 1: there is something to read now; 0: not within the limit.
    int wait_for(short events, std::chrono::milliseconds limit) const;
    UniqueFd fd_;
    std::string buffer_;
    bool over_ = false;
};

}  // namespace reeve::test
